import { join } from "node:path";
import { type DataSet, writeFileAtomic } from "@inctrl/datasets";
import type { Detector } from "../detector.js";
import type { Evaluation } from "../evaluation/types.js";
import type { ImageScore } from "../score-images.js";
import { chooseMistakes } from "./choose.js";
import type { RunFacts } from "./facts.js";
import { reportPage } from "./page.js";
import { drawMistakes } from "./pictures.js";
import { resultsCsv, resultsJson, resultsMarkdown } from "./results.js";

/** What a report is made from: an evaluation, its data set and its detector, and facts of the run. */
export interface ReportInput {
  readonly evaluation: Evaluation;
  readonly facts: RunFacts;
  readonly dataSet: DataSet;
  readonly detector: Detector;
  /** What was found in a test image of the draw that is shown, as `onScored` told it. Without it images are encoded once more. */
  readonly found?: (category: string, id: string) => ImageScore | undefined;
}

/**
 * Writes `report.html`: tables, curves, and the images with the largest mistakes. The page needs no other file.
 *
 * @param onProblem called where the pictures cannot be drawn; the page then has none. Without it that error is thrown.
 * @returns the path of the page.
 */
export async function writeReport(
  folder: string,
  { evaluation, facts, dataSet, detector, found }: ReportInput,
  onProblem?: (error: unknown) => void,
): Promise<string> {
  const shown = await drawMistakes(chooseMistakes(evaluation), dataSet, detector, found).catch(
    (error): null => {
      if (!onProblem) throw error;
      onProblem(error);
      return null;
    },
  );
  const path = join(folder, "report.html");
  await writeFileAtomic(path, reportPage(evaluation, facts, shown));
  return path;
}

/**
 * Writes `results.json`, `results.csv`, `results.md` and `report.html`, each whole or not at all.
 *
 * @param onProblem as in `writeReport`.
 * @throws DatasetError where a file cannot be written.
 */
export async function writeResults(
  folder: string,
  input: ReportInput,
  onProblem?: (error: unknown) => void,
): Promise<void> {
  const { evaluation, facts, dataSet } = input;
  await writeFileAtomic(join(folder, "results.json"), resultsJson(evaluation, facts, dataSet));
  await writeFileAtomic(join(folder, "results.csv"), resultsCsv(evaluation));
  await writeFileAtomic(join(folder, "results.md"), resultsMarkdown(evaluation, facts));
  await writeReport(folder, input, onProblem);
}
