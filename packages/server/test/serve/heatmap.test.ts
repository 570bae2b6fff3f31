import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { decodeImage, encodePng } from "@inctrl/datasets";
import { DecodePool } from "@inctrl/detect";
import { get, post } from "@inctrl/testing/http";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { fakeService } from "../support/fake.js";

const folder = mkdtempSync(path.join(tmpdir(), "inctrl-server-"));
test.after(() => rmSync(folder, { recursive: true }));

const SIDE = 1500;
const large = encodePng({
  ...{ width: SIDE, height: SIDE },
  data: new Uint8Array(3 * SIDE * SIDE).map((_, i) => (i * i) >> 8),
});

test("a heat map is drawn in a thread: health is answered again and again meanwhile", async () => {
  await using pool = new DecodePool(1);
  const limits = { maxPixels: 1e7, bodyLimit: 3e7, keepBytes: 6e7, admission: { requests: 4, bytes: 6e7 } };
  await using served = await fakeService(folder, { pool }, limits);
  const { status } = await post(served, "a/score?part=large", large);
  assert.is(status, 200);
  let drawn = false;
  const asked = fetch(`${served.address}/v1/products/a/parts/large/map?legend=false`).then(
    async (response) => {
      const bytes = Buffer.from(await response.arrayBuffer());
      drawn = true;
      return { scale: response.headers.get("x-inctrl-scale"), picture: await decodeImage(bytes) };
    },
  );
  let answered = 0;
  while (!drawn) {
    assert.is((await get(served, "/livez")).status, 200);
    answered++;
  }
  const { scale, picture } = await asked;
  // 23 where the thread that answers draws, and 468 where it does not, on two busy cores.
  assert.ok(answered > 120, `${answered} answers while the map was drawn`);
  assert.equal([picture.width, picture.height], [SIDE / 2, SIDE / 2]);
  assert.match(scale ?? "", /^-?\d+(\.\d+)? \d+(\.\d+)?$/);
});

test.run();
