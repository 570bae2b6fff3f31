import { cpSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { PATCH14 } from "@inctrl/testing";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { cli, failsWith, temporaryFolder, warnings } from "../support/cli.js";

const { folder, remove } = temporaryFolder();
test.after(remove);

test("parity takes exactly one kind of reference", async () => {
  failsWith(await cli(["parity"]), "give either a folder of reference values, or --full-size");
  failsWith(await cli(["parity", folder, "--full-size", "x"]), "give either");
  failsWith(await cli(["parity", folder]), folder);
});

test("a small model agrees with PyTorch, and a changed reference is found", async () => {
  const run = await cli(["parity", PATCH14, "--json"]);
  assert.is(run.code, 0, run.stderr);
  const report = JSON.parse(run.stdout);
  assert.is(report.ok, true);
  assert.ok(report.checks.length >= 17, `${report.checks.length}`);
  for (const { name, maxAbs, tolerance, ok } of report.checks) assert.ok(ok && maxAbs <= tolerance, name);

  const changed = path.join(folder, "changed");
  cpSync(PATCH14, changed, { recursive: true });
  const file = path.join(changed, "forward.safetensors");
  const bytes = readFileSync(file);
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.subarray(8, start).toString());
  const at = start + header["out.score"].data_offsets[0];
  bytes.writeFloatLE(bytes.readFloatLE(at) + 0.001, at);
  writeFileSync(file, bytes);
  const wrong = await cli(["parity", changed]);
  assert.is(wrong.code, 1);
  assert.match(wrong.stdout, /WRONG +out\.score +1\.00e-3/);
  assert.match(warnings(wrong).at(-1)!, "1 of ");
});

test.run();
