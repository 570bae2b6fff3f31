import { aitex } from "./aitex.js";
import { brainmri } from "./brainmri.js";
import { cifar10 } from "./cifar10.js";
import { elpv } from "./elpv.js";
import type { Form } from "./form.js";
import { headct } from "./headct.js";
import { jsonLists } from "./json.js";
import { mnist } from "./mnist.js";
import { folder, mvtec } from "./mvtec.js";
import { procedural } from "./procedural.js";
import { sdd } from "./sdd.js";
import { visa } from "./visa.js";

/** Every form there is. */
export const FORMS: readonly Form[] = [
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
  procedural,
];
