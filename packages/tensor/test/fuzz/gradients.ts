import { parseArgs } from "node:util";
import type { Device } from "../../src/device/device.js";
import { openDevice } from "../../src/device/open.js";
import { FAMILIES } from "../support.js";
import { expectedOf, faultOf } from "./check.js";
import { drawGraph } from "./draw.js";

/*
 * Holds the gradients of random graphs to differences of the ops' float64 references, on every kernel family.
 *
 *   npm run fuzz:gradients -- --graphs 500 --seed 1
 */

const { values } = parseArgs({ options: { graphs: { type: "string" }, seed: { type: "string" } } });
const [count, seed] = [Number(values.graphs ?? 500), Number(values.seed ?? 1)];
const devices: Device[] = [];
for (const family of FAMILIES) devices.push(await openDevice({ family }));
let faults = 0;
for (let i = seed; i < seed + count; i++) {
  const graph = drawGraph(devices[0], i);
  const expected = expectedOf(graph);
  for (const device of devices) {
    const fault = await faultOf(graph, device, expected);
    if (!fault) continue;
    faults++;
    console.log(`seed ${i}, ${device.caps.family}: ${fault}\n${graph}\n`);
  }
  if ((i - seed) % 50 === 49) console.error(`${i - seed + 1} of ${count} graphs, ${faults} faults`);
}
for (const device of devices) device.close();
console.log(`${count} graphs from seed ${seed} on ${FAMILIES.join(", ")}: ${faults} faults`);
process.exitCode = faults > 0 ? 1 : 0;
