import type { Row } from "../case.js";
import { figure } from "./table.js";

/** The ratios that are compared between runs. Times depend on what else the machine does. */
const RATIOS = [
  { key: "oursOver", what: "times as fast as", larger: true },
  { key: "ofCeiling", what: "of the ceiling", larger: true },
  { key: "ofGemm", what: "of GEMM", larger: true },
  { key: "growth", what: "growth", larger: false },
] as const;

export interface Comparison {
  /** One line for each ratio that both runs have. */
  lines: string[];
  /** Ratios that became worse than the margin allows. */
  regressions: number;
}

/**
 * Compares the ratios of two runs. A new failure of ours is a regression as well; a peer's failure is not.
 *
 * @param margin how much worse a ratio may be, as a share of what it was.
 */
export function compareRows(before: readonly Row[], now: readonly Row[], margin: number): Comparison {
  const lines: string[] = [];
  let regressions = 0;
  for (const row of now) {
    const old = before.find(
      (other) => other.case === row.case && other.size === row.size && other.subject === row.subject,
    );
    if (!old) continue;
    const name = `${row.case} ${row.size}, ${row.subject}`;
    if (row.failed !== undefined && row.subject === "ours" && old.failed === undefined) {
      lines.push(`WORSE  ${name}: ${row.failed}`);
      regressions++;
    }
    for (const { key, what, larger } of RATIOS) {
      const [was, is] = [old[key], row[key]];
      // A peer's share of the ceiling is no claim of ours.
      if (was === undefined || is === undefined || (key !== "oursOver" && row.subject !== "ours")) continue;
      const worse = larger ? is < was * (1 - margin) : is > was / (1 - margin);
      if (worse) regressions++;
      lines.push(`${worse ? "WORSE" : "ok   "}  ${name}: ${what} ${figure(was)} -> ${figure(is)}`);
    }
  }
  return { lines, regressions };
}
