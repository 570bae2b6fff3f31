import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serializeSafetensors } from "@inctrl/tensor";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { openCheckpoint } from "../../src/checkpoint/open.js";
import { op, pickle, tensorOps, torchArchive } from "./archives.js";

const folder = mkdtempSync(join(tmpdir(), "inctrl-shards-"));
test.after(() => rmSync(folder, { recursive: true, force: true }));

const INDEX = "model.safetensors.index.json";
const shard = (number: number) => `model-0000${number}-of-00002.safetensors`;
const at = (name: string) => join(folder, name);

function putShard(number: number, name: string): void {
  const tensors = { [name]: { dtype: "F32" as const, shape: [1], data: Float32Array.of(number) } };
  writeFileSync(at(shard(number)), Buffer.concat(serializeSafetensors(tensors)));
}

function putIndex(map: unknown, name = INDEX): string {
  writeFileSync(at(name), JSON.stringify({ metadata: { total_size: 8 }, weight_map: map }));
  return at(name);
}

test.before.each(() => {
  putShard(1, "a");
  putShard(2, "b");
  putIndex({ a: shard(1), b: shard(2) });
});

test("an index, and each of its shards, opens the whole model", async () => {
  for (const name of [INDEX, shard(1), shard(2)]) {
    const file = await openCheckpoint(at(name));
    assert.equal([...file.tensors.keys()], ["a", "b"]);
    assert.equal([...(await file.readFloat32("a")), ...(await file.readFloat32("b"))], [1, 2]);
    await file.close();
  }
});

test("PyTorch files are shards too", async () => {
  const w = pickle(op.dict, op.mark, op.text("w"), tensorOps({}), op.setItems);
  writeFileSync(at("a.bin"), torchArchive(w, { 0: new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer) }));
  const file = await openCheckpoint(putIndex({ w: "a.bin" }, "pytorch_model.bin.index.json"));
  assert.equal([...(await file.readFloat32("w"))], [1, 2, 3, 4]);
  await file.close();
});

async function refused(path: string, says: string): Promise<void> {
  const error = await openCheckpoint(path).then(
    () => assert.unreachable(says),
    (error) => error,
  );
  assert.is(error.code, "shards", error.stack);
  assert.match(error.message, says);
}

test("a shard or an index that is missing is named", async () => {
  rmSync(at(shard(2)));
  await refused(at(INDEX), `its shard "${shard(2)}" is missing, one of 2`);
  rmSync(at(INDEX));
  await refused(at(shard(1)), `their index ${INDEX} is not beside it`);
});

for (const [name, map, says] of [
  ["a path upwards", { a: "../model.safetensors" }, "no name of a file in the same folder"],
  ["an absolute path", { a: "/etc/passwd" }, "no name of a file in the same folder"],
  ["a drive", { a: "C:model" }, "no name of a file in the same folder"],
  ["a backslash", { a: "..\\model" }, "no name of a file in the same folder"],
  ["the folder", { a: "." }, "no name of a file in the same folder"],
  ["a list", { a: [shard(1)] }, "no name of a file in the same folder"],
  ["no map", [], "weight_map is no object"],
  ["an empty map", {}, "weight_map is empty"],
  ["another shard's tensor", { a: shard(2) }, "is not in"],
] as const)
  test(`an index with ${name} is refused`, () => refused(putIndex(map), says));

test.run();
