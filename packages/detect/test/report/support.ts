import { type Draw, type Evaluation, NO_METRICS } from "../../src/evaluation/types.js";
import type { RunFacts } from "../../src/report/facts.js";

/** A name that tries to be markup, a formula, several cells and several lines. */
export const HOSTILE = `</title><script>alert("x")</script>|a,b\r\n\u202e'&amp;`;

/** Two categories, one of a single class: numbers by hand. */
export function evaluationOf(name = "screw"): Evaluation {
  const draw = (seed: number, auroc: number, scores: (number | null)[]): Draw => ({
    ...{ category: name, shots: 2, seed, prompts: [`${name}/a`, `${name}/b`], scores, seconds: 0.25 },
    metrics: { ...NO_METRICS, auroc, auprc: 0.5, f1Max: 0.75, threshold: 0.3 },
    skipped: seed === 0 ? [{ id: `${name}/5`, reason: `${name}: torn` }] : [],
    problem: null,
  });
  const draws = [
    draw(0, 0.5, [0.1, 0.6, 0.4, 0.3, 0.7, null]),
    draw(1, 0.75, [0.1, 0.5, 0.3, 0.4, 0.7, null]),
  ];
  return {
    ...{ dataSet: `set of ${name}`, shots: [2], seeds: [0, 1], complete: true },
    settings: {
      ...{ components: "P", aggregate: "max", alpha: "1", fit: "crop", blocks: "7,9" },
      ...{ preprocessing: '{"size":64}', backbone: "abc", "data set": name },
    },
    categories: [
      {
        ...{ name, className: name, draws, problem: null, labels: [0, 0, 0, 1, 1, 1] },
        ids: [0, 1, 2, 3, 4, 5].map((i) => `${name}/${i}`),
        skipped: draws[0].skipped,
      },
      {
        name: "odd",
        className: "odd",
        draws: [],
        problem: "only normal test images",
        labels: [0],
        ids: ["x"],
        skipped: [],
      },
    ],
  };
}

export const factsOf = (name = "deit"): RunFacts => ({
  ...{ version: "1.2.3", date: "2030-01-02T03:04:05.000Z", data: `mvtec:${name}`, backbone: name },
  ...{ fingerprint: "f".repeat(64), heads: { file: name, sha256: "e".repeat(64) }, class: name },
  ...{ dtype: "float32", device: name },
});

/** The same with a line that three and two good images set: of 0.2, and 0.45. */
export function withLine(evaluation: Evaluation): Evaluation {
  const [first, ...others] = evaluation.categories;
  const lines = [
    [0.1, 0.2, 0.15],
    [0.45, 0.05],
  ];
  const draws = first.draws.map((draw, i) => ({ ...draw, calibration: lines[i] }));
  return { ...evaluation, line: { images: 3, alpha: 0.25 }, categories: [{ ...first, draws }, ...others] };
}
