import { type BankHistory, historyIn } from "../bank/history.js";
import { type Calibration, calibrationIn } from "../calibration/record.js";
import { openSealed } from "../files/sealed.js";
import { unpackRegion } from "../images/region.js";
import { readingOf } from "./bank-file.js";
import { type BankInfo, readBankInfo, type SharedReading } from "./bank-info.js";

/** What the file of a bank says. */
export interface BankDescription {
  readonly info: BankInfo;
  /** How images are read, also where the file is older than such an entry. */
  readonly reading: Required<SharedReading>;
  /** Null where no line was set. */
  readonly calibration: Calibration | null;
  readonly history: BankHistory;
  /** The share of each image that counts; null where all of it does. */
  readonly regionShare: number | null;
  /** Whether the file has checksums. */
  readonly sealed: boolean;
  /** Shapes of its tensors, by name. */
  readonly tensors: Readonly<Record<string, readonly number[]>>;
}

/**
 * Reads what the file of a bank says, of any method, without a network or a device. Its tensors are not read.
 *
 * @throws DetectError `bank` for other files, `damaged` for a header that is not as it was written, `calibration` for a damaged line.
 * @example
 * const { info, calibration } = await describeBank("part.bank.safetensors");
 * console.log(info.prompts.map(({ name }) => name));
 */
export async function describeBank(path: string): Promise<BankDescription> {
  await using file = await openSealed(path);
  const info = readBankInfo(path, file);
  const region = info.region === undefined ? null : unpackRegion(info.region);
  return {
    info,
    reading: { window: "full", orientation: "ignore", ...readingOf(info) },
    calibration: calibrationIn(file),
    history: historyIn(file),
    regionShare: region && region.reduce((sum, cell) => sum + cell, 0) / region.length,
    sealed: file.sealed,
    tensors: Object.fromEntries([...file.tensors].map(([name, { shape }]) => [name, shape])),
  };
}
