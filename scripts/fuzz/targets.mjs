// The parsers of files that anyone may hand in or change, each with sound files to damage. All read from memory, by the functions that
// read the files of users.
import { IMAGES } from "./targets/images.mjs";
import { KEPT } from "./targets/kept.mjs";
import { PARITY } from "./targets/parity.mjs";
import { SETS } from "./targets/sets.mjs";
import { WEIGHTS } from "./targets/weights.mjs";

/** Name, seeds, and what reads one. Those with a `share` test a library beside ours, and get that part of the cases. */
export default [...WEIGHTS, ...IMAGES, ...SETS, ...KEPT, ...PARITY].map(
  ([name, seeds, parse, share = 1]) => ({
    ...{ name, seeds, parse, share },
  }),
);
