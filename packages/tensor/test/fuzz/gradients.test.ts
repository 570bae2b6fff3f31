import { test as suite } from "uvu";
import * as assert from "uvu/assert";
import { deviceTests, FAMILIES } from "../support.js";
import { expectedOf, faultOf } from "./check.js";
import { drawGraph } from "./draw.js";
import { undrawn } from "./makers.js";

const test = deviceTests(FAMILIES);

// The long form is `npm run fuzz:gradients`.
const GRAPHS = 4;

test("random graphs have the gradients of their references", async (device) => {
  const seed = 1 + GRAPHS * FAMILIES.indexOf(device.caps.family);
  for (let i = seed; i < seed + GRAPHS; i++) {
    const graph = drawGraph(device, i);
    const fault = await faultOf(graph, device, expectedOf(graph));
    assert.is(fault, null, `seed ${i}: ${fault}\n${graph}`);
  }
});

suite("graphs are drawn of every op that gradients flow through", () => {
  assert.equal(undrawn(), []);
});
suite.run();

test.run();
