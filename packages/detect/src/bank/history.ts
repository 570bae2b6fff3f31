import { link, realpath, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { TensorFile } from "@inctrl/tensor";
import {
  fromDisk,
  onDisk,
  readNames,
  streamPlainFile,
  syncFolder,
  takeLock,
  writeFileAtomic,
} from "@inctrl/tensor/files";
import { openSealed } from "../files/sealed.js";
import type { BankEntries } from "../matcher/amend.js";
import { FORMAT, fail } from "../matcher/bank-info.js";
import { type Check, fits, listOf, orNull, parseJson, text } from "../shape.js";

/** Versions before the present one that are kept beside a bank, as `NAME.v3`. */
export const VERSIONS_KEPT = 10;

/** An image that a change is about. */
export interface ChangedImage {
  readonly name: string;
  readonly sha256: string | null;
}

/** What is done to a bank. */
export type ChangeKind = "calibrated" | "prompts added" | "calibration images added" | "images removed";

/** A change of a bank. */
export interface BankChange {
  /** The version that it made; a bank that was never changed is version 1. */
  readonly version: number;
  /** When, as ISO 8601 has it. */
  readonly made: string;
  readonly what: ChangeKind;
  /** What was added or removed. */
  readonly images: readonly ChangedImage[];
  /** The id of the version before. */
  readonly before: string;
}

/** What a bank's file says of its versions. */
export interface BankHistory {
  /** Tells the file from every other: the checksum of its header, which holds those of its tensors. Null for files without checksums. */
  readonly id: string | null;
  readonly version: number;
  /** The last changes, the oldest first. */
  readonly changes: readonly BankChange[];
}

/** The entry of a bank's metadata. */
const ENTRY = "history";

/** The history that an open bank tells. @throws DetectError `bank` for one that is damaged. */
export function historyIn({ path, metadata }: Pick<TensorFile, "path" | "metadata">): BankHistory {
  const changes = metadata[ENTRY] === undefined ? [] : (parseJson(metadata[ENTRY]) as BankChange[]);
  const rises = () => changes.every(({ version }, i) => i === 0 || version === changes[i - 1].version + 1);
  if (!fits(changes, listOf(CHANGE)) || !rises())
    throw fail(path, "its history is damaged or of a later version; make the bank again");
  return { id: metadata.sum ?? null, version: changes.at(-1)?.version ?? 1, changes };
}

const WHATS: Readonly<Record<ChangeKind, true>> = {
  calibrated: true,
  "prompts added": true,
  "calibration images added": true,
  "images removed": true,
};

const CHANGE: Check = {
  version: (value) => Number.isSafeInteger(value) && Number(value) > 1,
  ...{ made: text, before: text },
  what: (value) => typeof value === "string" && Object.hasOwn(WHATS, value),
  images: listOf({ name: text, sha256: orNull(text) }),
};

/** The history of a bank's file. @throws DetectError `bank` for other files. */
export const readHistory = async (path: string): Promise<BankHistory> => (await readEntries(path)).history;

/** The history of a bank's file, and what its metadata holds beside what every bank has. */
async function readEntries(path: string): Promise<{ history: BankHistory; entries: BankEntries }> {
  await using file = await openSealed(path);
  const { format, bank: _, sum: __, sums: ___, ...entries } = file.metadata;
  if (format !== FORMAT) throw fail(path, "is no prompt bank; make one from its prompts");
  return { history: historyIn(file), entries };
}

export interface Change extends Pick<BankChange, "what" | "images"> {
  /** The id of the bank that the change was worked out from: a bank that has become another since is not changed. */
  readonly from: string | null;
}

/**
 * Makes the next version of a bank. The version before is kept beside it for `undoBank`; of these the last 10. A run that is killed at
 * any moment leaves the bank as it was, or changed.
 *
 * @param write replaces the bank's file whole, with these entries among its metadata: those of the version before, and the history.
 * @throws DetectError `bank` for other files, for one without checksums, and for one that was changed meanwhile; TensorFileError
 * `locked` while another run changes it.
 * @example
 * await changeBank(path, { what: "calibrated", images: [], from: id }, (entries) => amendBank(path, { ...entries, ...line }));
 */
export async function changeBank(
  path: string,
  { what, images, from }: Change,
  write: (entries: BankEntries) => Promise<void>,
): Promise<BankChange> {
  return await alone(path, async (target) => {
    const { history, entries } = await readEntries(path);
    const { id, version, changes } = history;
    if (id === null)
      throw fail(path, "is of a version without checksums, so that nothing vouches for it; make it again");
    if (id !== from) throw fail(path, "was changed by another run meanwhile; run this again");
    await keep(target, version);
    const change = { version: version + 1, made: new Date().toISOString(), what, images, before: id };
    await write({ ...entries, [ENTRY]: JSON.stringify([...changes, change].slice(-VERSIONS_KEPT)) });
    await forget(target, change.version - VERSIONS_KEPT);
    return change;
  });
}

/**
 * Takes back the last change of a bank: the version before becomes the bank again, with the bytes that it had.
 *
 * @param version the version that is taken back, where another one must stay.
 * @returns the change that was taken back.
 * @throws DetectError `bank` for a first version, and where the version before is not there any more or is another file; `damaged`
 * where its bytes are not those written.
 */
export async function undoBank(path: string, version?: number): Promise<BankChange> {
  return await alone(path, async (target) => {
    const last = (await readHistory(path)).changes.at(-1);
    if (!last) throw fail(path, "was never changed; there is nothing to take back");
    if (version !== undefined && last.version !== version)
      throw fail(path, `is version ${last.version} and not ${version}; look again at what was changed`);
    const kept = versionPath(target, last.version - 1);
    const why = `of a bank the last ${VERSIONS_KEPT} are kept beside it`;
    const absent = (): never => {
      throw fail(path, `${kept} is missing, which is the version before; ${why}`);
    };
    await using file = await openSealed(kept).catch((error) =>
      error.code === "not-found" ? absent() : Promise.reject(error),
    );
    if (file.metadata.sum !== last.before)
      throw fail(path, `${kept} is not the version before; ${why}, and this one is of another bank`);
    for (const name of file.tensors.keys()) for await (const _ of file.stream(name));
    await rename(onDisk(kept), onDisk(target));
    await syncFolder(dirname(target));
    return last;
  });
}

const versionPath = (target: string, version: number): string => `${target}.v${version}`;

/** Runs a job on the file that a path leads to, while no other run changes it. */
async function alone<T>(path: string, job: (target: string) => Promise<T>): Promise<T> {
  await readHistory(path);
  const target = fromDisk(await realpath(onDisk(path), "buffer"));
  const lock = await takeLock(`${target}.lock`);
  try {
    return await job(target);
  } finally {
    await lock.release();
  }
}

/** Gives the present version of a bank a second name, under which it stays when the bank is replaced. */
async function keep(target: string, version: number): Promise<void> {
  const kept = versionPath(target, version);
  // A run that was killed may have left it, or a bank that had this name before.
  await rm(onDisk(kept), { force: true });
  // Not every file system has links.
  await link(onDisk(target), onDisk(kept)).catch(() =>
    writeFileAtomic(kept, streamPlainFile(target, Number.MAX_SAFE_INTEGER)),
  );
  await syncFolder(dirname(target));
}

/** Removes versions that are older than those that are kept. */
async function forget(target: string, oldest: number): Promise<void> {
  const [folder, prefix] = [dirname(target), `${basename(target)}.v`];
  for (const name of await readNames(folder)) {
    const version = name.startsWith(prefix) ? name.slice(prefix.length) : "";
    if (/^[1-9]\d*$/.test(version) && Number(version) < oldest)
      await rm(onDisk(join(folder, name)), { force: true });
  }
}
