import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { get, post } from "@inctrl/testing/http";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { cli, failsWith, temporaryFolder } from "../support/cli.js";
import { writeModel } from "../support/model.js";
import { type Line, makeLine, startQuietly } from "../support/service.js";

const { folder, remove } = temporaryFolder();
let line: Line;
test.before(async () => {
  line = await makeLine(folder, 6);
});
test.after(remove);

test("a line that was set with other settings is refused by name, by serve and by watch", async () => {
  const bank = path.join(line.products, "metal.bank.safetensors");
  const model = ["--backbone", line.backbone, "--bank", bank];
  const set = await cli(["calibrate", ...model, "--normals", line.images[1], line.images[3]]);
  assert.is(set.code, 0, set.stderr);
  const why = /metal.*: it was calibrated with weights float32, and now it is float16/;
  const refused = await startQuietly(line, { dtype: "float16" }).then(
    (served) => served.close().then(() => null),
    (error) => error,
  );
  assert.is(refused?.code, "products");
  assert.match(refused.message, "none of its 1 banks can be served");
  assert.match(refused.message, why);
  const [from, out] = ["in", "out"].map((name) => path.join(folder, name));
  mkdirSync(from);
  const watch = ["watch", from, ...model, "--out", out, "--once", "--dtype", "float16"];
  failsWith(await cli(watch), why);
});

test("a bank of another network answers ERROR, its state says which networks, and the others are served", async () => {
  const other = path.join(folder, "other", "model.safetensors");
  mkdirSync(path.dirname(other));
  await writeModel(other, 2);
  const bank = path.join(line.products, "steel.bank.safetensors");
  const made = await cli(["score", "--backbone", other, "--prompts", line.images[0], "--save-bank", bank]);
  assert.is(made.code, 0, made.stderr);
  const served = await startQuietly(line);
  try {
    const picture = readFileSync(line.images[2]);
    const { status, headers, answer } = await post(served, "steel/score?part=1", picture);
    assert.equal([status, answer.verdict, answer.error.code], [503, "ERROR", "product"]);
    assert.is(headers.get("retry-after"), "30");
    const { state, problem } = (await get(served, "/v1/products/steel")).answer;
    assert.is(state, "error");
    assert.match(
      problem,
      /steel\.bank\.safetensors: was made by another backbone .* than .*; make the bank again/,
    );
    assert.is((await post(served, "metal/score?part=1", picture)).status, 200);
  } finally {
    await served.close();
  }
});

test.run();
