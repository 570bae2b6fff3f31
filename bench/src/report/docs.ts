import type { Row } from "../case.js";
import { fileOf, fillBetween } from "./fill.js";
import { type CaseResult, origin, processorOf, type Results } from "./results.js";
import { alignedTable, figure, percent } from "./table.js";

const SHOWN = ["gemm", "attention", "towers", "nearest"];
const PEERS = ["tfjs", "jax-js", "onnxruntime webgpu", "onnxruntime webgpu, plain operators"];
const MARKS = ["<!-- bench: written by npm run bench -- --docs -->", "<!-- /bench -->"] as const;

/** The ratios that the README shows. */
const HIGHLIGHTS = [
  {
    ...{ case: "towers", size: "ViT-B-16-plus-240, seeded weights", peer: "onnxruntime webgpu" },
    text: "One image through CLIP's ViT-B-16-plus-240",
  },
  {
    ...{ case: "nearest", size: "K = 4", peer: "tfjs" },
    text: "The search for the nearest of the patches of four prompts",
  },
];

/** Writes saved ratios into the documents: all of them into the page of numbers, the highlights into the README. */
export async function fillDocs(
  results: readonly Results[],
  { numbers = fileOf("docs/numbers.md"), readme = fileOf("README.md") } = {},
): Promise<void> {
  await fillBetween(numbers, ...MARKS, results.map(summary).join(""));
  await fillBetween(readme, ...MARKS, highlights(results));
}

/** The README's figures: a line for each highlight, with every processor whose results hold it and were not measured under load. */
export function highlights(results: readonly Results[]): string {
  return HIGHLIGHTS.flatMap(({ text, peer, ...at }) => {
    const found = results.flatMap((each) => {
      const result = each[at.case] as CaseResult | undefined;
      const row = result?.rows.find(({ size, subject }) => size === at.size && subject === peer);
      if (!result || row?.oursOver === undefined || result.others !== undefined) return [];
      const { machine, date, commit } = result;
      const adapter = machine.adapter.split(":")[0];
      return {
        ratio: figure(row.oursOver),
        where: `${adapter}, ${machine.cores} cores of ${processorOf(machine)}`,
        when: `${date}, commit ${commit}`,
      };
    });
    if (found.length === 0) return [];
    const [first, ...others] = found;
    const more = others.map(({ ratio, where }) => `, **${ratio}** on ${where}`).join("");
    return [
      `- **${text}: ${first.ratio} times as fast as ${peer}** on ${first.where}${more}\n` +
        `  (\`npm run bench -- --only ${at.case}\`, ${found.map(({ when }) => when).join("; ")}).\n`,
    ];
  }).join("");
}

/** Our speed over that of each peer, size by size. */
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
