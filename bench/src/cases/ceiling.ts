import type { Case } from "../case.js";
import { arithmetic, yardstick } from "./contestants.js";

export const ceiling: Case = {
  name: "ceiling",
  title: "What this adapter can do at most: multiply-adds in registers, and copying (bytes read and written)",
  async *run(bench) {
    yield* await bench.compare({
      case: "ceiling",
      size: "multiply-adds",
      unit: "GFLOP/s",
      contestants: [arithmetic(bench.quick)],
    });
    for (const by of ["kernel", "command"] as const)
      for (const megabytes of bench.quick ? [1] : [1, 64]) {
        yield* await bench.compare({
          case: "ceiling",
          size: `copy ${megabytes} MB by a ${by}`,
          unit: "GB/s",
          contestants: [yardstick("ceiling", "copy", { bytes: megabytes * 1e6, by })],
        });
      }
  },
};
