// The mean of models of one shape, weight by weight: what a network that was trained on gains, without losing what it was before.
//
//   node --conditions=@inctrl/source --import tsx bench/nano/mean.ts OUT.safetensors MODEL.safetensors MODEL.safetensors ...
//
// Written in float16, with the hashes of the files it is the mean of.
import { argv, exit } from "node:process";
import { hashFile } from "@inctrl/datasets";
import { f32ToF16, openSafetensors, type StoredTensor, writeSafetensors } from "@inctrl/tensor";

const [out, ...models] = argv.slice(2);
if (out === undefined || models.length < 2) {
  process.stderr.write("give the file to write and two models or more\n");
  exit(2);
}
const sums = new Map<string, { shape: readonly number[]; data: Float32Array }>();
for (const path of models) {
  const file = await openSafetensors(path);
  for (const [name, { shape }] of file.tensors) {
    const values = await file.readFloat32(name);
    const sum = sums.get(name) ?? { shape, data: new Float32Array(values.length) };
    if (sum.shape.join() !== shape.join()) {
      process.stderr.write(
        `${path}: ${name} is [${shape.join(", ")}] and must be [${sum.shape.join(", ")}]\n`,
      );
      exit(1);
    }
    for (const [i, value] of values.entries()) sum.data[i]! += value / models.length;
    sums.set(name, sum);
  }
  await file.close();
}
const tensors: Record<string, StoredTensor> = {};
for (const [name, { shape, data }] of sums) tensors[name] = { dtype: "F16", shape, data: f32ToF16(data) };
const hashes = await Promise.all(models.map((path) => hashFile(path)));
await writeSafetensors(out, tensors, { mean: hashes.join(" ") });
