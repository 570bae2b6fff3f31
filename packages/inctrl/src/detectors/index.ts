import type { Method } from "@inctrl/detect";
import { inctrlMethod } from "./inctrl.js";
import { residualMethod } from "./residual.js";

/** Every method of this package. A new one is its file and a line here. */
export const METHODS: readonly Method[] = [inctrlMethod, residualMethod];
