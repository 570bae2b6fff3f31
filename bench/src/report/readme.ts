import { fileURLToPath } from "node:url";
import type { Row } from "../case.js";
import { fillBetween } from "./fill.js";
import { origin, type Results } from "./results.js";
import { alignedTable, figure, percent } from "./table.js";

export const README = fileURLToPath(new URL("../../../README.md", import.meta.url));
const SHOWN = ["gemm", "attention", "towers", "nearest"];
const PEERS = ["tfjs", "jax-js", "onnxruntime webgpu", "onnxruntime webgpu, plain operators"];
const [BEGIN, END] = ["<!-- bench: written by npm run bench -- --readme -->", "<!-- /bench -->"];

/** Puts the chief ratios of saved results into the README, between its marks. */
export const fillReadme = (results: Results, path = README): Promise<void> =>
  fillBetween(path, BEGIN, END, summary(results));

/** How many times as fast as each peer we are, size by size. */
export function summary(results: Results): string {
  const shown = SHOWN.flatMap((name) => results[name] ?? []);
  if (shown.length === 0) return "";
  const rows = shown.flatMap((result) => result.rows);
  const peers = PEERS.filter((peer) => rows.some(({ subject, oursOver }) => subject === peer && oursOver));
  const sizes = [...new Set(rows.map((row) => `${row.case}, ${row.size}`))];
  const lines = sizes.map((size) => {
    const of = (subject: string): Row | undefined =>
      rows.find((row) => `${row.case}, ${row.size}` === size && row.subject === subject);
    const ours = of("ours");
    const times = (ratio: number | undefined) => (ratio === undefined ? "" : `${figure(ratio)} x`);
    return [
      size,
      ...peers.map((peer) => times(of(peer)?.oursOver)),
      percent(ours?.ofCeiling) ?? "",
      percent(ours?.ofGemm) ?? "",
    ];
  });
  const headings = ["ours against", ...peers, "of the ceiling", "GEMM"];
  return `\n${origin(shown[0])}\n\n${alignedTable([headings, ...lines])}\n`;
}
