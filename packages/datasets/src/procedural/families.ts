import type { Family } from "./family.js";
import * as long from "./objects/long.js";
import * as round from "./objects/round.js";
import * as built from "./textures/built.js";
import * as cloth from "./textures/cloth.js";
import * as scan from "./textures/scan.js";
import * as sheet from "./textures/sheet.js";
import * as skin from "./textures/skin.js";
import * as stone from "./textures/stone.js";
import * as timber from "./textures/timber.js";

/** Every family, textures first, by name. */
export const FAMILIES: readonly Family[] = [cloth, stone, built, sheet, skin, timber, scan, round, long]
  .flatMap((group) => Object.values(group) as Family[])
  .sort((a, b) => (a.kind === b.kind ? (a.name < b.name ? -1 : 1) : a.kind === "texture" ? -1 : 1));
