// Kills runs of train, eval, score and bank writing, and runs each again: the files must be those of an undisturbed run, and nothing
// may be left behind. `npm run test:kill -- --points 60` takes some minutes; CI runs a few points.
import { parseArgs } from "node:util";
import { killRuns } from "./testing/kill.mjs";

const { values } = parseArgs({ options: { points: { type: "string", default: "60" } } });
const problems = await killRuns(Number(values.points), (line) => console.log(line));
console.log(
  problems.length === 0 ? "all points ended with the same files" : `${problems.length} points differ`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
