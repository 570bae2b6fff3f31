import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodePng } from "@inctrl/datasets";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { fileImage, memoryImage } from "../../src/index.js";

const folder = mkdtempSync(join(tmpdir(), "inctrl-source-"));
test.after(() => rmSync(folder, { recursive: true }));

test("an image in memory is read as its file is, and errors call it by its id", async () => {
  const bytes = encodePng({ width: 2, height: 1, data: Uint8Array.of(1, 2, 3, 250, 5, 6) });
  const path = join(folder, "a.png");
  writeFileSync(path, bytes);
  const image = memoryImage("part 17", bytes);
  assert.equal(await image.load(), await fileImage(path).load());
  assert.is(await image.sha256?.(), createHash("sha256").update(bytes).digest("hex"));
  const cut = await memoryImage("part 18", bytes.subarray(0, 20))
    .load()
    .catch((error) => error);
  assert.match(cut.message, /^part 18: /);
});

test.run();
