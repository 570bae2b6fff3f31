/** Files by name. A page or a worker has one such store, as a process has one disk. */
const files = new Map<string, Uint8Array>();

/**
 * Puts a file into memory, where a bundle for browsers looks for paths: whatever opens, reads and writes files by path then works
 * there as it does on a disk. In Node paths name files on the disk and never these.
 *
 * @example
 * holdFile("part.png", new Uint8Array(await file.arrayBuffer()));
 * for await (const result of scoreImages(fitted, fileImages(["part.png"]))) console.log(result);
 * dropFile("part.png");
 */
export function holdFile(path: string, bytes: Uint8Array): void {
  files.set(path, bytes);
}

/** The bytes of a file in memory; undefined where there is none. */
export const fileInMemory = (path: string): Uint8Array | undefined => files.get(path);

/** Lets go of a file in memory. */
export function dropFile(path: string): void {
  files.delete(path);
}
