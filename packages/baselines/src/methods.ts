import type { Method } from "@inctrl/detect";
import { anomalyDinoMethod } from "./anomalydino/anomalydino.js";
import { clipText } from "./clip-text/method.js";
import { coop } from "./coop/method.js";
import { padimMethod } from "./padim/method.js";
import { patchcoreMethod } from "./patchcore/method.js";
import { regadMethod } from "./regad/method.js";
import { spadeMethod } from "./spade/method.js";
import { subspaceAdMethod } from "./subspacead/subspacead.js";
import { winclip } from "./winclip/method.js";

/** Every method of this package. A new one is its folder and a line here. */
export const METHODS: readonly Method[] = [
  // In the order of the help.
  clipText,
  winclip,
  coop,
  spadeMethod,
  padimMethod,
  patchcoreMethod,
  regadMethod,
  anomalyDinoMethod,
  subspaceAdMethod,
];
