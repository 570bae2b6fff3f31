import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeSafetensors } from "@inctrl/tensor/files";
import { throwsCode } from "@inctrl/testing";
import { deviceTests } from "@inctrl/testing/device";
import * as assert from "uvu/assert";
import { runBaselineParity } from "../../src/index.js";
import { drawChecks } from "../../src/parity/cnn/files.js";
import { modeOf } from "../../src/parity/cnn/regad.js";
import { openGolden } from "../../src/parity/golden.js";

const test = deviceTests("parity of broken folders");

const F32 = { dtype: "F32", shape: [1], data: Float32Array.of(1) } as const;

test("a folder whose facts are broken or of an unknown network is refused by name", async ({
  device,
  folder,
}) => {
  await writeSafetensors(join(folder, "images.safetensors"), { query: F32 });
  const made = (content: string) => {
    writeFileSync(join(folder, "made.json"), content);
    return runBaselineParity(device, folder);
  };
  await throwsCode(() => made('{"config": {'), "parity", /made\.json: is no JSON/);
  await throwsCode(() => made('{"config": {}, "tolerances": {}}'), "parity", /made\.json: lacks/);
  const config = {
    salt: "",
    arch: "vgg16",
    shots: 2,
    neighbours: 1,
    channels: 4,
    dims: [8, 4],
    coreset: 0.1,
  };
  const other = JSON.stringify({ config, tolerances: {} });
  await throwsCode(() => made(other), "parity", /the network "vgg16", which is not known/);
  await throwsCode(() => modeOf("__proto__"), "parity", /the mode "__proto__"; modes: rotation_scale/);
});

test("a tensor that is not there and a file without tolerances are refused by name", async ({
  device,
  folder,
}) => {
  await writeSafetensors(join(folder, "coop.safetensors"), { ids: F32 });
  await throwsCode(() => runBaselineParity(device, folder), "not-found", /tolerances\.json/);
  const tolerances = (content: string) => {
    writeFileSync(join(folder, "tolerances.json"), content);
    return openGolden(folder, "coop");
  };
  await throwsCode(
    () => tolerances('{"coop": {"ids": {"absolute": "0"}}}'),
    "parity",
    /tolerances\.json: lacks/,
  );
  await throwsCode(() => tolerances('{"__proto__": {}}'), "parity", /says nothing of coop\.safetensors/);
  const golden = await tolerances('{"coop": {"ids": {"absolute": 0}}}');
  assert.equal(golden.shape("ids"), [1]);
  await throwsCode(() => golden.shape("none"), "parity", /coop\.safetensors: has no "none"/);
  await golden.close();
});

test("channels without a bound are not drawn", () => {
  assert.equal(
    drawChecks({ "20/5/7": [10, 4, 12, 1, 2], "9e15/9e14/7": [1] }).map(({ ok }) => ok),
    [true, false],
  );
});

test.run();
