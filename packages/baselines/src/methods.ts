import type { Method } from "@inctrl/detect";

/** Every method of this package. A new one is its folder and a line here. */
export const METHODS: readonly Method[] = [];
