import { join } from "node:path";
import { cacheDir } from "@inctrl/clip";

/** Default folder of cached features. */
export const featureFolder = (): string => join(cacheDir(), "features");
