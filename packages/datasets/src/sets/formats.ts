import { aitex } from "./aitex.js";
import { anyFolder } from "./any-folder.js";
import { brainmri } from "./brainmri.js";
import { cifar10 } from "./cifar10.js";
import { elpv } from "./elpv.js";
import type { DatasetFormat } from "./format.js";
import { headct } from "./headct.js";
import { jsonLists, metaFolder, metaList } from "./json.js";
import { mnist } from "./mnist.js";
import { bmad, btad, loco, mpdd, mvtec } from "./mvtec.js";
import { dagm, sdd2 } from "./pairs.js";
import { realiad } from "./realiad.js";
import { sdd } from "./sdd.js";
import { visa } from "./visa.js";

/** Layouts with folders train and test, or a class of them, that are not those of MVTec AD go before it. */
const folder = anyFolder([sdd2, dagm, visa, realiad, mvtec, aitex, sdd, elpv, brainmri, headct, metaFolder]);

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
  loco,
  btad,
  mpdd,
  sdd2,
  dagm,
  realiad,
  bmad,
  folder,
  jsonLists,
  metaList,
];
