import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Bench, Contestant } from "../bench.js";
import type { Row } from "../case.js";
import { makeFolder } from "../pictures.js";

/** A whole network and the ONNX file that onnxruntime runs of it. */
export interface NetworkClaim {
  readonly case: string;
  readonly model: string;
  /** What the table calls it. Default: the model. */
  readonly size?: string;
  /** The bytes of the ONNX file, with the weights that we run. */
  write(): Promise<Iterable<Uint8Array>>;
  /** Who runs it. @param onnx the path of the file. */
  contestants(onnx: string): readonly Contestant[];
  /** How many values the network gives. */
  readonly outputs: number;
}

/** Writes the ONNX file of a network where a peer reads it, and compares all who run the network. */
export async function compareNetwork(bench: Bench, claim: NetworkClaim): Promise<Row[]> {
  const { case: name, model, size = model, outputs } = claim;
  const onnx = join(await makeFolder(), "network.onnx");
  if (!bench.alone) {
    bench.say(`${name} ${model}: writing the ONNX file`);
    await writeFile(onnx, await claim.write());
  }
  return await bench.compare({
    ...{ case: name, size, unit: "GFLOP/s", contestants: claim.contestants(onnx) },
    agree: { with: ["onnxruntime cpu", "ours"], size: outputs, tolerance: 1e-3 },
  });
}
