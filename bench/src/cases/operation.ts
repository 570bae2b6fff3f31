import type { Contestant } from "../bench.js";
import type { Case } from "../case.js";
import type { Check } from "../check.js";
import { operandsOf } from "../data.js";
import { ONNX_PEERS, TENSOR_PEERS } from "../peers/index.js";
import type { TaskName, Tasks } from "../task.js";
import { all, arithmetic, yardstick } from "./contestants.js";

/** An operation on whole tensors, at some sizes. */
interface Operation<Name extends TaskName> extends Pick<Case, "title"> {
  name: Name;
  sizes: readonly Tasks[Name][];
  quick: Tasks[Name];
  label(sizes: Tasks[Name]): string;
  /** Arithmetic is compared with multiply-adds in registers, bytes with a kernel that copies as many. */
  unit: "GFLOP/s" | "GB/s";
  /** Operations, or bytes read and written. */
  work(sizes: Tasks[Name]): number;
  /** Values of the result in double precision. */
  check(sizes: Tasks[Name], operands: Float32Array[]): Check;
  peers?: readonly string[];
  /** More contestants. */
  others?(sizes: Tasks[Name], work: number): Contestant[];
}

/** A case that compares an operation of ours with the peers'. */
export function operationCase<Name extends TaskName>(operation: Operation<Name>): Case {
  const { name, title, unit, peers = [...TENSOR_PEERS, ...ONNX_PEERS] } = operation;
  return {
    name,
    title,
    async *run(bench) {
      for (const sizes of bench.quick ? [operation.quick] : operation.sizes) {
        const work = operation.work(sizes);
        const ceiling =
          unit === "GB/s"
            ? yardstick("ceiling", "copy", { bytes: work / 2, by: "kernel" })
            : arithmetic(bench.quick);
        yield* await bench.compare({
          case: name,
          size: operation.label(sizes),
          unit,
          contestants: [
            ceiling,
            ...all(peers, name, sizes, work / 1e9),
            ...(operation.others?.(sizes, work / 1e9) ?? []),
          ],
          check: operation.check(
            sizes,
            operandsOf(name, sizes).map(({ values }) => values),
          ),
        });
      }
    },
  };
}
