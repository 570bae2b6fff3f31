// Kills a watched folder at random moments, and starts it again: no picture may be lost, doubled or told twice.
// `npm run test:kill-watch -- --points 100` takes some minutes; CI runs a few points.
import { parseArgs } from "node:util";
import { killWatches } from "./testing/kill-watch.mjs";

const { values } = parseArgs({
  options: { points: { type: "string", default: "100" }, seed: { type: "string", default: "1" } },
});
const note = (line) => console.log(line);
const problems = await killWatches(Number(values.points), { seed: Number(values.seed), note });
console.log(
  problems.length === 0 ? "nothing lost, nothing doubled at any point" : `${problems.length} points differ`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
