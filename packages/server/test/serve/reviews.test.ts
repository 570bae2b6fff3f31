import { spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { encodePng } from "@inctrl/datasets";
import { get, post } from "@inctrl/testing/http";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Reviews } from "../../src/serve/reviews.js";
import { fakeService } from "../support/fake.js";

const folder = mkdtempSync(path.join(tmpdir(), "inctrl-reviews-"));
test.after(() => rmSync(folder, { recursive: true }));

const line = (product: string, sha256: string, review: string, verdict: string, file = `${sha256}.png`) =>
  JSON.stringify({ time: "", product, part: sha256, sha256, review, verdict, score: 1, bank: "", file });

test("reviews of an earlier run count: the last one of a picture, and none that is cut off or odd", async () => {
  const lines = [
    line("a b", "one", "good", "NG"),
    line("a b", "two", "good", "OK"),
    line("a b", "three", "good", "NG"),
    line("a b", "three", "bad", "NG"),
    line("other", "four", "good", "NG"),
    line("a b", "five", "good", "REVIEW", "../../elsewhere/five.png"),
    "null",
    '{"product":"a b","sha256":7}',
    line("a b", "six", "good", "NG").slice(0, 60),
  ];
  writeFileSync(path.join(folder, "reviews.jsonl"), lines.join("\n"));
  const reviews = await Reviews.open(folder);
  const at = (name: string) => path.join(folder, "a%20b", `${name}.png`);
  assert.equal(
    [...reviews.good("a b")],
    [
      { path: at("one"), sha256: "one", flagged: true },
      { path: at("two"), sha256: "two", flagged: false },
      { path: at("five"), sha256: "five", flagged: true },
    ],
  );
  assert.equal([...reviews.good("none")], []);
  assert.equal([...(await Reviews.open(path.join(folder, "new"))).good("a b")], []);
});

/** Fills a disk. */
function fill(file: string): void {
  try {
    for (;;) appendFileSync(file, Buffer.alloc(1024));
  } catch {}
}

test("a review for which the disk has no room is refused and not counted, verdicts go on, and later ones are kept", async () => {
  const disk = path.join(folder, "disk");
  mkdirSync(disk);
  if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", disk]).status !== 0) {
    console.log("skipped: no small disk can be mounted here");
    return;
  }
  try {
    const json = { "content-type": "application/json" };
    const body = Buffer.from('{"verdict":"good"}');
    await using served = await fakeService(folder, {}, { reviewFolder: disk });
    const score = (shade: number) =>
      post(
        served,
        `a/score?part=${shade}`,
        encodePng({ width: 8, height: 8, data: new Uint8Array(192).fill(shade) }),
      );
    const review = (part: number) => post(served, `a/parts/${part}/review`, body, json);
    const kept = async () => [...(await Reviews.open(disk)).good("a")].length;
    assert.is((await score(200)).answer.verdict, "NG");
    assert.is((await review(200)).status, 200);
    fill(path.join(disk, "filler"));
    // The last page of the file may have room for some lines; the pictures have none.
    assert.is((await score(201)).answer.verdict, "NG");
    const refused = await review(201);
    assert.equal([refused.status, refused.answer.error.code], [507, "write"]);
    assert.match(refused.answer.error.message, "the disk is full");
    assert.is((await get(served, "/v1/products/a/parts/201")).answer.review, null);
    assert.is(await kept(), 1);
    rmSync(path.join(disk, "filler"));
    assert.is((await review(201)).status, 200);
    assert.is(await kept(), 2);
  } finally {
    spawnSync("umount", [disk]);
  }
});

test("a line that a full disk or a kill cut off takes none of the next ones with it", async () => {
  const cut = path.join(folder, "cut");
  mkdirSync(cut);
  writeFileSync(path.join(cut, "reviews.jsonl"), line("a", "one", "good", "NG").slice(0, 60));
  await using served = await fakeService(folder, {}, { reviewFolder: cut });
  const picture = encodePng({ width: 8, height: 8, data: new Uint8Array(192).fill(200) });
  assert.is((await post(served, "a/score?part=1", picture)).status, 200);
  const body = Buffer.from('{"verdict":"good"}');
  const said = await post(served, "a/parts/1/review", body, { "content-type": "application/json" });
  assert.is(said.status, 200);
  assert.is([...(await Reviews.open(cut)).good("a")].length, 1);
});

test("nobody changes a bank where everyone reaches the service, or where no reviews are kept", async () => {
  const body = Buffer.from('{"version":2}');
  const json = { "content-type": "application/json" };
  const cases = [
    [{ host: "0.0.0.0", withoutToken: true, reviewFolder: folder }, 403, /start it with --token-file/],
    [{}, 409, /start the service with --reviews FOLDER/],
  ] as const;
  for (const [options, status, why] of cases) {
    const { address, close } = await fakeService(folder, {}, options);
    const served = { address: address.replace("0.0.0.0", "127.0.0.1") };
    try {
      for (const verb of ["learn", "undo"]) {
        const refused = await post(served, `a/${verb}`, body, json);
        assert.equal([refused.status, refused.answer.error.code], [status, "no-learning"], verb);
      }
      assert.match((await get(served, "/v1/products/a")).answer.learn.refused, why);
    } finally {
      await close();
    }
  }
});

test.run();
