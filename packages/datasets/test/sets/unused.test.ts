import { folderTests } from "@inctrl/testing";
import * as assert from "uvu/assert";
import { openDataSet } from "../../src/index.js";
import { gray, write } from "../support/tree.js";

const test = folderTests("unused");

const IMAGE = gray(4, 4, 99);
const BLACK = gray(4, 4);

/** What each layout needs, and more images whose places no layout names. */
const CASES: readonly [
  set: string,
  files: readonly string[],
  more: Record<string, string | Uint8Array>,
  note: RegExp | null,
][] = [
  ["brainmri", ["no/1.jpg", "no/2.jpg", "yes/1.jpg"], { "notes.txt": "text", "no/.DS_Store": "" }, null],
  [
    "brainmri",
    ["no/1.jpg", "no/2.jpg", "yes/1.jpg"],
    { "maybe/1.dat": IMAGE, "maybe/2.heic": "\0\0\0\x18ftypheic", "yes/deep/3.png": IMAGE },
    /^3 images below \S+ not used: \S+1\.dat, \S+3\.png \(not among its samples\); \S+2\.heic \(this is a HEIC/,
  ],
  [
    "mvtec",
    ["nut/train/good/0.png", "nut/test/dent/0.png", "nut/ground_truth/dent/0_mask.png"],
    { "extra/1.png": IMAGE },
    /^1 image below .*extra\/1\.png \(not among its samples\)/,
  ],
  ["mvtec", ["nut/train/good/0.png", "nut/test/dent/deep/0.png", "nut/test/dent/1.jfif"], {}, null],
  [
    "sdd",
    ["kos01/Part0.jpg", "kos02/Part0.jpg"],
    { "kos01/Part0_label.bmp": BLACK, "kos02/Part0_label.bmp": BLACK },
    null,
  ],
];

test("images in no place of a layout are counted and named; masks and other files are not", async ({
  dir,
}) => {
  for (const [i, [set, files, more, note]] of CASES.entries()) {
    const root = `${dir}/${i}`;
    await write(root, { ...Object.fromEntries(files.map((path) => [path, IMAGE])), ...more });
    const { notes = [] } = await openDataSet(`${set}:${root}`);
    if (note) assert.match(notes.at(-1) ?? "", note);
    else assert.equal(notes, [], `${set}: ${notes.join("\n")}`);
  }
});

test.run();
