import type { Sample } from "@inctrl/datasets";
import { drawProduct, type ProceduralClass, proceduralClasses } from "@inctrl/synth";

/** How often any product was drawn. */
export const loads = { count: 0 };

/** A sample of 32 x 32 pixels that is drawn whenever it is loaded. */
export function product(name: ProceduralClass, index: number, bad: boolean, seed = 0): Sample {
  const defect = bad ? proceduralClasses[name][index % proceduralClasses[name].length] : null;
  return {
    id: `${name}/${bad ? "bad" : "good"}/${index}`,
    label: bad ? 1 : 0,
    kind: defect ?? "good",
    load: async () => {
      loads.count++;
      return drawProduct({ class: name, seed, index, defect, size: 32 }).image;
    },
  };
}
