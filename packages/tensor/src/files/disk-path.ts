import { nodeFiles } from "./node-files.js";

// Linux takes any bytes for a name, and JavaScript's text holds no others than UTF-8 names. A byte that is none of UTF-8 stands in
// paths as U+DC00 plus its value, a half of a surrogate pair, as Python has it ("surrogateescape"): nothing is lost, and
// JSON keeps it.

const ESCAPED = /([\udc80-\udcff])/u;

/** A name from a folder, given as bytes, as text in which every byte is kept. */
export function fromDisk(bytes: Uint8Array): string {
  const textOf = (part: Uint8Array): string | null => {
    const text = Buffer.from(part).toString();
    return Buffer.from(text).equals(part) ? text : null;
  };
  const whole = textOf(bytes);
  if (whole !== null) return whole;
  let name = "";
  for (let i = 0; i < bytes.length; ) {
    const parts = [1, 2, 3, 4].map((n) => bytes.subarray(i, i + n));
    const part = parts.find((each) => textOf(each) !== null);
    name += part ? textOf(part) : String.fromCharCode(0xdc00 + bytes[i]);
    i += part?.length ?? 1;
  }
  return name;
}

/**
 * A path as Node's file functions take it: itself, or its bytes where `fromDisk` kept some that are no UTF-8. The type says
 * text in both cases, since Node takes either for a path.
 */
export function onDisk(path: string): string {
  if (!ESCAPED.test(path) || process.platform === "win32") return path;
  const parts = path
    .split(ESCAPED)
    .map((part, i) => (i % 2 === 1 ? Buffer.of(part.charCodeAt(0) - 0xdc00) : Buffer.from(part)));
  return Buffer.concat(parts) as unknown as string;
}

/** The names in a folder, whatever bytes they are of. */
export async function readNames(folder: string): Promise<string[]> {
  const { readdir } = await nodeFiles(folder);
  return (await readdir(onDisk(folder), { encoding: "buffer" })).map(fromDisk);
}
