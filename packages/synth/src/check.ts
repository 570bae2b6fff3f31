import { DatasetError } from "@inctrl/datasets";

/** Checks the numbers that name a sample. @throws DatasetError `bad-argument` */
export function checkSample(seed: number, index: number, size: number): void {
  if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(index) || index < 0)
    throw refuse(`seed ${seed}, index ${index}: give whole numbers, the index from 0`);
  if (!Number.isInteger(size) || size < 16 || size > 4096)
    throw refuse(`size ${size}: give whole pixels from 16 to 4096`);
}

export const refuse = (message: string): DatasetError => new DatasetError("bad-argument", message);
