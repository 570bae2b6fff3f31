import { isUtf8 } from "node:buffer";

// Names on Linux are bytes in any encoding. In strings each byte that is no UTF-8 stands as U+DC80 to U+DCFF, as Python's
// surrogateescape has it, so that every file has a name that leads back to it.

/** The name of a file as a string. */
export function fromDisk(name: Buffer): string {
  if (isUtf8(name)) return name.toString();
  let text = "";
  for (let at = 0; at < name.length; ) {
    const size = [1, 2, 3, 4].find((n) => at + n <= name.length && isUtf8(name.subarray(at, at + n)));
    text += size ? name.toString("utf8", at, at + size) : String.fromCharCode(0xdc00 + name[at]);
    at += size ?? 1;
  }
  return text;
}

/**
 * The path as the file system takes it: its bytes, where some are no UTF-8.
 *
 * @example await open(onDisk("caf\udce9.png")); // the file whose name is "café.png" in Latin-1
 */
export function onDisk(path: string): string | Buffer {
  const parts = path.split(/([\udc80-\udcff])/u);
  if (parts.length === 1) return path;
  return Buffer.concat(
    parts.map((part, i) => (i % 2 ? Buffer.from([part.charCodeAt(0) & 0xff]) : Buffer.from(part))),
  );
}
