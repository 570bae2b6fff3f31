import { type FileHandle, mkdir, open, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readSealed, sealLine } from "@inctrl/detect";
import { onDisk, readNames, readPlainFile, syncFolder, writeError } from "@inctrl/tensor/files";

/** A line of a ledger: what was found of a part, or that something drifted. Fields besides these are free. */
export interface LedgerEntry {
  /** Unique; receivers drop what they have already by it. */
  readonly id: string;
  readonly kind: "part" | "drift" | "moved";
  /** When it was written, as ISO 8601 has it. */
  readonly time: string;
  readonly [field: string]: unknown;
}

/** A file of a ledger: the day, and the number of the file of that day. */
export interface LedgerFile {
  readonly name: string;
  readonly day: string;
  readonly number: number;
}

const NAME = /^(?<day>\d{4}-\d{2}-\d{2})(\.(?<number>\d+))?\.jsonl$/;

/** Bytes from which a day goes on in another file, so that any file can be read whole. */
const FULL = 64e6;
/** Bytes of a file that is read. */
const READABLE = 256e6;

/** The files of a ledger, the oldest first. */
export async function ledgerFiles(folder: string): Promise<LedgerFile[]> {
  const files = (await readNames(folder)).flatMap((name) => {
    const { day, number = "1" } = NAME.exec(name)?.groups ?? {};
    return day === undefined ? [] : [{ name, day, number: Number(number) }];
  });
  return files.sort((a, b) => (a.day === b.day ? a.number - b.number : a.day < b.day ? -1 : 1));
}

/** The sound entries of a ledger's file, and where they end in bytes. */
async function readEntries(
  path: string,
): Promise<{ entries: LedgerEntry[]; state: string; bytes: number; rest: Uint8Array }> {
  const content = await readPlainFile(path, READABLE);
  const text = new TextDecoder().decode(content);
  const entries: LedgerEntry[] = [];
  let state = "";
  for (const line of readSealed(text)) {
    entries.push(line.entry as LedgerEntry);
    state = line.state;
  }
  const sound = text.split("\n").slice(0, entries.length);
  const bytes = sound.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
  return { entries, state, bytes, rest: content.subarray(bytes) };
}

/**
 * What was decided of every part, a line each, in a file a day. A line reaches the disk before anything is done by it. Each line has a
 * checksum over itself and all before it in its file.
 *
 * @example
 * await using ledger = await Ledger.open("out/ledger");
 * await ledger.append([{ id: "1", kind: "part", time: new Date().toISOString(), verdict: "OK" }]);
 */
export class Ledger {
  readonly folder: string;
  #file: { readonly handle: FileHandle; readonly path: string; readonly of: LedgerFile } | null = null;
  #state = "";
  #bytes = 0;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /**
   * Opens a ledger, and makes its folder. A last line that was cut short is taken away: nothing was done by it. Other damage is set aside
   * in a file of its own.
   *
   * @param onEntry told of entries that are there, the oldest first, from the newest files with `most` entries or more.
   * @throws TensorFileError where it cannot be read or written.
   */
  static async open(
    folder: string,
    {
      onEntry,
      onNote,
      most = 100_000,
    }: { onEntry?: (entry: LedgerEntry) => void; onNote?: (text: string) => void; most?: number } = {},
  ): Promise<Ledger> {
    await mkdir(onDisk(folder), { recursive: true }).catch((error) => {
      throw writeError(folder, error);
    });
    const ledger = new Ledger(folder);
    const files = await ledgerFiles(folder);
    const read: LedgerEntry[][] = [];
    let found = 0;
    for (const [i, of] of files.reverse().entries()) {
      if (found >= most) break;
      const path = join(folder, of.name);
      const { entries, state, bytes, rest } = await readEntries(path);
      read.push(entries);
      found += entries.length;
      if (i > 0) continue;
      if (rest.length > 0) await setAside(path, bytes, rest, onNote);
      await ledger.#use(of, state, bytes);
    }
    for (const entries of read.reverse()) for (const entry of entries) onEntry?.(entry);
    return ledger;
  }

  /** Adds entries, and returns once they are on the disk. @throws TensorFileError `write`: then none of them counts. */
  async append(entries: readonly LedgerEntry[], now = new Date()): Promise<void> {
    if (entries.length === 0) return;
    await this.#turn(now);
    const { handle, path } = this.#file!;
    let state = this.#state;
    const lines = entries.map((entry) => {
      const sealed = sealLine(entry, state);
      state = sealed.state;
      return sealed.line;
    });
    const text = lines.join("");
    try {
      await handle.appendFile(text);
      await handle.datasync();
    } catch (error) {
      // A part of a line would be in the way of the next one; a full disk still lets a file become shorter.
      await handle.truncate(this.#bytes).catch(() => {});
      throw writeError(path, error);
    }
    this.#state = state;
    this.#bytes += Buffer.byteLength(text);
  }

  /** The end of what was written: where who follows the ledger begins. */
  get end(): { readonly file: string | null; readonly offset: number } {
    return { file: this.#file?.of.name ?? null, offset: this.#bytes };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.handle.close().catch(() => {});
    this.#file = null;
  }

  /** Goes on in the file of the day. A clock that was set back goes on in the newest file. */
  async #turn(now: Date): Promise<void> {
    const day = now.toISOString().slice(0, 10);
    const last = this.#file?.of;
    if (last && last.day >= day && this.#bytes < FULL) return;
    const number = last && last.day >= day ? last.number + 1 : 1;
    const on = last && last.day >= day ? last.day : day;
    const name = number === 1 ? `${on}.jsonl` : `${on}.${number}.jsonl`;
    await this.#use({ name, day: on, number }, "", 0);
    await syncFolder(this.folder);
  }

  async #use(of: LedgerFile, state: string, bytes: number): Promise<void> {
    const path = join(this.folder, of.name);
    const handle = await open(onDisk(path), "a").catch((error) => {
      throw writeError(path, error);
    });
    await this.#file?.handle.close();
    this.#file = { handle, path, of };
    this.#state = state;
    this.#bytes = bytes;
  }
}

async function setAside(
  path: string,
  bytes: number,
  rest: Uint8Array,
  onNote: ((text: string) => void) | undefined,
): Promise<void> {
  try {
    if (rest.includes(10)) {
      const aside = `${path}.damaged-${Date.now()}`;
      await writeFile(onDisk(aside), rest, { flag: "wx", flush: true });
      onNote?.(
        `${path}: lines from byte ${bytes} on are not as they were written; they are set aside in ${aside}`,
      );
    }
    await truncate(onDisk(path), bytes);
  } catch (error) {
    throw writeError(path, error);
  }
}
