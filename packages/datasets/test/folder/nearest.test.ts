import { join } from "node:path";
import { folderTests } from "@inctrl/testing";
import { decodeImage } from "../../src/index.js";
import { rejects } from "../support/rejects.js";
import { write } from "../support/tree.js";

const test = folderTests("nearest");

/** What is in the folder, what a list names, and whether the one is named for the other. */
const ROWS: [string, string, string, boolean][] = [
  ["UTF-8 read as Latin-1", "Gehäuse.png", "GehÃ¤use.png", true],
  ["UTF-8 read as Windows-1252", "ÄRGER.png", "Ã„RGER.png", true],
  ["a folder that was read as Latin-1", "GehÃ¤use.png", "Gehäuse.png", true],
  ["letters in two parts", "Geha\u0308use.png", "Gehäuse.png", true],
  ["another case", "Bolt.PNG", "bolt.png", true],
  ["a slip", "bolt_01.png", "blot_01.png", true],
  ["another number", "bolt_02.png", "bolt_01.png", false],
  ["another name", "wood.png", "bolt.png", false],
];

for (const [name, there, wanted, near] of ROWS)
  test(`a missing file is told with the nearest name: ${name}`, async ({ dir }) => {
    await write(dir, { [there]: "x" });
    const says = near
      ? new RegExp(`no such file, but "${there}" is in its folder`)
      : /no such file; check the path/;
    await rejects(() => decodeImage(join(dir, wanted)), "missing", says);
  });

test.run();
