import { mkdir, realpath, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { folderTests } from "@inctrl/testing";
import * as assert from "uvu/assert";
import { findBelow } from "../../src/images/below.js";

const test = folderTests("below");

test("prompts are found in the folder alone, wherever their names point", async ({ dir }) => {
  const root = await realpath(dir);
  await mkdir(join(root, "good/deep"), { recursive: true });
  for (const name of ["good/a.png", "good/deep/b.png", "secret.png", "good/c.pt"])
    await writeFile(join(root, name), "");
  await symlink(join(root, "secret.png"), join(root, "good/link.png"));
  const good = join(root, "good");
  for (const [name, want] of [
    [join(good, "a.png"), "a.png"],
    ["/other/machine/a.png", "a.png"],
    ["deep/b.png", "deep/b.png"],
    ["c.pt#001", "c.pt#001"],
    ["../secret.png", null],
    [join(root, "secret.png"), null],
    ["link.png", null],
    ["none.png", null],
    ["..", null],
    [".", null],
  ] as const) {
    assert.is(await findBelow(good, name), want === null ? null : join(good, want), name);
  }
});

test.run();
