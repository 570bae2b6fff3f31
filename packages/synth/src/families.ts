import type { Family } from "./family.js";
import * as discs from "./objects/discs.js";
import * as electronics from "./objects/electronics.js";
import * as fasteners from "./objects/fasteners.js";
import * as natural from "./objects/natural.js";
import * as rows from "./objects/rows.js";
import * as shape from "./objects/shape.js";
import * as signs from "./objects/signs.js";
import * as vessels from "./objects/vessels.js";
import * as wheels from "./objects/wheels.js";
import * as built from "./textures/built.js";
import * as cloth from "./textures/cloth.js";
import * as scan from "./textures/scan.js";
import * as sheet from "./textures/sheet.js";
import * as skin from "./textures/skin.js";
import * as stone from "./textures/stone.js";
import * as timber from "./textures/timber.js";

/** Every family, textures first, by name. */
export const FAMILIES: readonly Family[] = [
  cloth,
  stone,
  built,
  sheet,
  skin,
  timber,
  scan,
  discs,
  electronics,
  fasteners,
  natural,
  rows,
  shape,
  signs,
  vessels,
  wheels,
]
  .flatMap((group) => Object.values(group) as Family[])
  .sort((a, b) => (a.kind === b.kind ? (a.name < b.name ? -1 : 1) : a.kind === "texture" ? -1 : 1));
