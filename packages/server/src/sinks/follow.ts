import { open } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "@inctrl/datasets";
import { onDisk, readTextIfThere } from "@inctrl/tensor/files";
import { type LedgerEntry, ledgerFiles } from "../watch/ledger.js";

/** A place in a ledger: a file, and bytes of it that are done with. */
export interface Place {
  /** Null: before the first file. */
  readonly file: string | null;
  readonly offset: number;
}

/** Entries that follow a place, and the place after each. */
export interface Followed {
  readonly entry: LedgerEntry;
  readonly after: Place;
}

/** Bytes that are read at once. A longer line is read whole. */
const PIECE = 1 << 18;
/** The end of a sealed line, which is the ledger's own. */
const SEAL = /,"sum":"[0-9a-f]{16}"\}$/;

/** Some entries after a place, none where it is the end. Lines that are no JSON are passed over. */
export async function entriesAfter(folder: string, place: Place): Promise<Followed[]> {
  const names = (await ledgerFiles(folder)).map(({ name }) => name);
  const first = place.file === null ? 0 : names.indexOf(place.file);
  // A file that is gone is passed over.
  for (let at = Math.max(0, first); at < names.length; at++) {
    const offset = names[at] === place.file ? place.offset : 0;
    const found = await linesOf(join(folder, names[at]), names[at], offset);
    if (found.length > 0) return found;
  }
  return [];
}

async function linesOf(path: string, file: string, offset: number): Promise<Followed[]> {
  const handle = await open(onDisk(path), "r");
  try {
    for (let size = PIECE; ; size *= 4) {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(size), 0, size, offset);
      const end = buffer.subarray(0, bytesRead).lastIndexOf(10);
      if (end < 0 && bytesRead === size) continue;
      let after = offset;
      return buffer
        .toString("utf8", 0, end + 1)
        .split("\n")
        .slice(0, -1)
        .flatMap((line) => {
          after += Buffer.byteLength(line) + 1;
          const entry = parsed(line.replace(SEAL, "}"));
          return entry ? [{ entry, after: { file, offset: after } }] : [];
        });
    }
  } finally {
    await handle.close();
  }
}

function parsed(line: string): LedgerEntry | null {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

/** Bytes of the ledger that lie after a place. */
export async function bytesAfter(folder: string, place: Place): Promise<number> {
  const files = await ledgerFiles(folder);
  const first = place.file === null ? 0 : files.findIndex(({ name }) => name === place.file);
  let bytes = 0;
  for (const { name } of files.slice(Math.max(0, first))) {
    const handle = await open(onDisk(join(folder, name)), "r");
    bytes += (await handle.stat()).size - (name === place.file ? place.offset : 0);
    await handle.close();
  }
  return bytes;
}

/** How far a sink has come. */
export interface Progress extends Place {
  readonly sent: number;
  /** Entries that were passed over because too many waited. */
  readonly dropped: number;
  /** Entries that the receiver refused for good. */
  readonly refused: number;
}

/** The progress in a file; null where there is none, or none that can be read. */
export async function readProgress(path: string): Promise<Progress | null> {
  const text = await readTextIfThere(path, 10_000);
  if (text === undefined) return null;
  try {
    const { file, offset, sent, dropped, refused } = JSON.parse(text);
    const numbers = [offset, sent, dropped, refused];
    const sound =
      (file === null || typeof file === "string") && numbers.every((n) => Number.isSafeInteger(n) && n >= 0);
    return sound ? { file, offset, sent, dropped, refused } : null;
  } catch {
    return null;
  }
}

export const writeProgress = (path: string, progress: Progress): Promise<void> =>
  writeFileAtomic(path, `${JSON.stringify(progress)}\n`);
