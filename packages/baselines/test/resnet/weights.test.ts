import { join } from "node:path";
import type { StoredTensor } from "@inctrl/tensor/files";
import { folderTests } from "@inctrl/testing";
import { throwsCode } from "@inctrl/testing/tensor";
import * as assert from "uvu/assert";
import type { ResNetConfig } from "../../src/resnet/config.js";
import { openResNet } from "../../src/resnet/weights.js";
import { SMALL, writeState } from "./support.js";

const test = folderTests("resnet-weights");

const ones = (...shape: number[]): StoredTensor => ({
  ...{ dtype: "F32", shape },
  data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(1),
});

type State = Map<string, StoredTensor>;

const prefixed = (state: State): void => {
  for (const [name, value] of [...state]) state.set(`module.${name}`, value).delete(name);
};

const withoutCounts = (state: State): void => {
  for (const name of [...state.keys()]) if (name.endsWith("tracked")) state.delete(name);
};

test("the shapes tell the network; a classifier and counts of batches may be there or not", async ({
  dir,
}) => {
  const path = join(dir, "a.safetensors");
  const found: [ResNetConfig, (state: State) => void, string][] = [
    [SMALL, () => {}, "resnet-1-1"],
    [{ ...SMALL, blocks: [2] }, prefixed, "resnet18"],
    [
      { ...SMALL, blocks: [3], bottleneck: 64 },
      (state) => void state.set("fc.weight", ones(3, 512)),
      "resnet50",
    ],
    [{ ...SMALL, blocks: [3], bottleneck: 128 }, withoutCounts, "wide_resnet50_2"],
  ];
  for (const [config, change, name] of found) {
    const weights = await openResNet(await writeState(path, config, change));
    assert.equal(weights?.config, { ...config, name });
    await weights?.close();
  }
});

test("other ResNets, and tensors missing, left over or of other shapes, are refused by name", async ({
  dir,
}) => {
  const path = join(dir, "a.safetensors");
  const refused: [(state: State) => void, RegExp][] = [
    [(state) => state.set("conv1.0.weight", ones(32, 3, 3, 3)), /a stem of three convolutions/],
    [(state) => state.set("layer1.0.se.fc1.weight", ones(4, 64)), /squeeze-and-excitation/],
    [(state) => state.set("layer1.0.attn.conv.weight", ones(1, 1, 3)), /attention in its blocks/],
    [(state) => state.set("layer1.0.conv2.weight", ones(64, 2, 3, 3)), /with 32 groups of channels/],
    [(state) => state.delete("layer2.0.bn1.weight"), /without "layer2.0.bn1.weight"; take the whole file/],
    [(state) => state.set("layer2.0.bn9.weight", ones(1)), /holds "layer2.0.bn9.weight" besides resnet-1-1/],
    [(state) => state.set("bn1.bias", ones(63)), /"bn1.bias" is \[63\] and must be \[64\] in resnet-1-1/],
  ];
  for (const [change, says] of refused) {
    await writeState(path, SMALL, change);
    await throwsCode(() => openResNet(path), "weights", says);
  }
  await writeState(path, SMALL, (state) => state.clear());
  assert.is(await openResNet(path), null);
});

test("a NaN among the weights is refused by name", async ({ dir }) => {
  const path = await writeState(join(dir, "a.safetensors"), SMALL, (state) => {
    (state.get("bn1.bias")!.data as Float32Array)[5] = Number.NaN;
  });
  const weights = await openResNet(path);
  const bias = { size: 64 } as never;
  await throwsCode(
    async () => void (await weights!.read("bn1.bias", bias)),
    "values",
    /"bn1.bias" holds NaN at 5/,
  );
  await weights!.close();
});

test.run();
