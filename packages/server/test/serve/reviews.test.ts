import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
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
