// Kills workers of a queue, and Redis, at random moments: the merged run must be that of one process, byte for byte.
// `npm run test:kill-cluster -- --points 100` takes some minutes; CI runs a few points.
import { parseArgs } from "node:util";
import { killCluster } from "./testing/kill-cluster.mjs";

const { values } = parseArgs({
  options: { points: { type: "string", default: "100" }, seed: { type: "string", default: "1" } },
});
const note = (line) => console.log(line);
const problems = await killCluster(Number(values.points), { seed: Number(values.seed), note });
if (problems === null) console.log("skipped: redis-server is not installed");
else console.log(problems.length === 0 ? "nothing lost, nothing doubled" : `${problems.length} runs differ`);
process.exitCode = problems?.length ? 1 : 0;
