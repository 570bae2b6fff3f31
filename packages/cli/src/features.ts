import { join } from "node:path";
import { cacheDir } from "@inctrl/clip";

/** Where features of images are kept, unless a run is told another folder. */
export const featureFolder = (): string => join(cacheDir(), "features");
