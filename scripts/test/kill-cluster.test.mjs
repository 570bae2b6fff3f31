import { test } from "uvu";
import * as assert from "uvu/assert";
import { killCluster } from "../testing/kill-cluster.mjs";

test("workers that are killed lose and double nothing", async () => {
  const problems = await killCluster(2, { seed: 7, special: [], images: 100 });
  if (problems === null) console.log("skipped: redis-server is not installed");
  else assert.equal(problems, []);
});

test.run();
