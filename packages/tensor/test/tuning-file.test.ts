import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { loadTuning, saveTuning, tuningFileName } from "../src/index.js";
import { gemmCandidates } from "../src/kernels/plan.js";
import { deviceTests } from "./support.js";

const test = deviceTests(["workgroup"]);

async function withFolder(job: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "inctrl-tuning-"));
  await job(folder).finally(() => rmSync(folder, { recursive: true }));
}

test("saved tiles come back, into a folder that is made for them", (device) =>
  withFolder(async (folder) => {
    const path = join(folder, "deep", tuningFileName(device.caps, "1.2", null));
    const [tile] = gemmCandidates(device.caps);
    device.tuning.set("key", tile);
    await saveTuning(device, path);
    device.tuning.clear();
    assert.is(await loadTuning(device, path), 1);
    assert.equal([...device.tuning], [["key", tile]]);
    assert.equal(Object.keys(JSON.parse(readFileSync(path, "utf8"))), ["adapter", "tiles"]);
    device.tuning.clear();
  }));

test("a file that is missing, damaged or of another form changes nothing", (device) =>
  withFolder(async (folder) => {
    const path = join(folder, "odd.json");
    for (const text of [null, "", "{", "null", "[]", "3", '{"tiles": null}', '{"tiles": {"a": 1}}']) {
      if (text !== null) writeFileSync(path, text);
      assert.is(await loadTuning(device, path), 0, `${text}`);
    }
    assert.is(device.tuning.size, 0);
  }));

test("another driver, family or version has another file, whose name is safe", (device) => {
  const { caps } = device;
  const name = tuningFileName(caps, "1.2", null);
  assert.match(name, /^[A-Za-z0-9.-]+\.json$/);
  for (const other of [
    tuningFileName(caps, "1.3", null),
    tuningFileName({ ...caps, family: "register" }, "1.2", null),
    tuningFileName({ ...caps, description: "../driver" }, "1.2", null),
  ]) {
    assert.is.not(other, name);
    assert.not.match(other, "/");
  }
});

test("a software adapter has a file for each processor, a graphics card one for all", ({ caps }) => {
  const epyc = { model: "AMD EPYC", family: "family 25, model 1", instructions: "AVX2" };
  const nameOf = (software: boolean, processor: typeof epyc) =>
    tuningFileName({ ...caps, software }, "1.2", processor);
  const others = [
    { ...epyc, family: "family 25, model 17" },
    { ...epyc, instructions: "AVX-512" },
    { ...epyc, model: "Another" },
  ];
  for (const other of others) {
    assert.is.not(nameOf(true, other), nameOf(true, epyc));
    assert.is(nameOf(false, other), nameOf(false, epyc));
  }
  assert.match(nameOf(true, epyc), /^AMD-EPYC-family-25-model-1-AVX2-/);
});

test.run();
