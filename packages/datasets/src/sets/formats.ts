import { aitex } from "./aitex.js";
import { brainmri } from "./brainmri.js";
import { cifar10 } from "./cifar10.js";
import { elpv } from "./elpv.js";
import type { DatasetFormat } from "./format.js";
import { headct } from "./headct.js";
import { jsonLists } from "./json.js";
import { mnist } from "./mnist.js";
import { folder, mvtec } from "./mvtec.js";
import { sdd } from "./sdd.js";
import { visa } from "./visa.js";

/** Every format of this package. A caller of `openDataSet` may add others. */
export const FORMATS: readonly DatasetFormat[] = [
  mvtec,
  visa,
  elpv,
  sdd,
  aitex,
  brainmri,
  headct,
  mnist,
  cifar10,
  folder,
  jsonLists,
];
