import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { memorySource } from "@inctrl/tensor/files";
import { pooled } from "@inctrl/testing";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { unpickle } from "../../src/checkpoint/pickle.js";
import { torchFile } from "../../src/checkpoint/torch-file.js";
import { readStream, readTar } from "../../src/checkpoint/torch-legacy.js";
import { torchConstructors } from "../../src/checkpoint/torch-objects.js";
import { readZip } from "../../src/checkpoint/torch-zip.js";
import { prepareImage } from "../../src/index.js";

const golden = (name: string) => readFileSync(fileURLToPath(new URL(`golden/${name}`, import.meta.url)));

for (const [name, read] of [
  ["views.pt", readZip],
  ["list.pt", readZip],
  ["legacy.pt", readStream],
  ["legacy-tar.pth", readTar],
] as const)
  test(`${name} in a larger buffer is read by its own bytes`, async () => {
    const tensors = async (bytes: Uint8Array) => {
      const source = memorySource(bytes, "file");
      const file = torchFile(source, await read(source));
      const all: [string, Float32Array][] = [];
      for (const key of file.tensors.keys()) all.push([key, await file.readFloat32(key)]);
      return all;
    };
    const whole = golden(name);
    const want = await tensors(Uint8Array.from(whole));
    assert.ok(want.length > 0);
    for (const offset of [1, 24]) assert.equal(await tensors(pooled(whole, offset)), want);
  });

test("a pickle and an image in larger buffers are read by their own bytes", () => {
  const bytes = golden("views.pt");
  const pickle = bytes.subarray(bytes.indexOf(Buffer.of(0x80, 0x02))).subarray(0, 2000);
  const read = (part: Uint8Array) => JSON.stringify(unpickle(part, torchConstructors("file"), "file"));
  assert.is(read(pooled(pickle, 1)), read(Uint8Array.from(pickle)));
  const data = Uint8Array.from({ length: 9 * 7 * 4 }, (_, i) => i);
  const image = { width: 9, height: 7, mode: "RGBA" } as const;
  const config = { size: 4 };
  assert.equal(
    prepareImage({ ...image, data: pooled(data, 3) }, config),
    prepareImage({ ...image, data }, config),
  );
});

test.run();
