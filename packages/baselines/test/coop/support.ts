import type { Category } from "@inctrl/datasets";
import { product } from "@inctrl/testing";

/** Four normal and two anomalous products. */
export const category = (name: "wood" | "metal" | "fabric"): Category => ({
  ...{ name, className: name },
  train: [0, 1, 2].map((index) => product(name, index, false)),
  test: [3, 4, 5].map((index) => product(name, index, index > 3)),
});
