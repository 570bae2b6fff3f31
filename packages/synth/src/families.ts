import type { Family } from "./family.js";
import * as families from "./family-list.js";

const place = ({ kind, name }: Family) => `${kind === "texture" ? 0 : 1} ${name}`;

/** Every family, textures first, by name. */
export const FAMILIES: readonly Family[] = Object.values(families).sort((a, b) =>
  place(a) < place(b) ? -1 : 1,
);
