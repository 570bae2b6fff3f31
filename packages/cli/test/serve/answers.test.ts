import { readFileSync } from "node:fs";
import path from "node:path";
import { crc32, decodeImage, encodePng } from "@inctrl/datasets";
import type { Served } from "@inctrl/server/serve";
import { get, metric, post } from "@inctrl/testing/http";
import { Validator } from "@seriousme/openapi-schema-validator";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { cli, temporaryFolder } from "../support/cli.js";
import { type Line, makeLine, startQuietly } from "../support/service.js";

const { folder, remove } = temporaryFolder();
let line: Line;
let served: Served;
test.before(async () => {
  line = await makeLine(folder);
  served = await startQuietly(line, {
    ...{ reviews: path.join(folder, "reviews"), bodyLimit: 200_000, threads: 1 },
  });
});
test.after(async () => {
  await served?.close();
  remove();
});

const picture = (i: number) => readFileSync(line.images[i]);
const SCORED = "inctrl_batch_images_sum";

test("answers are those of inctrl score, field by field, also for parts that come together", async () => {
  const bank = path.join(line.products, "metal.bank.safetensors");
  const model = ["--backbone", line.backbone, "--bank", bank];
  const run = await cli(["score", ...model, "--images", ...line.images, "--format", "json"]);
  const expected = JSON.parse(run.stdout).results;
  const answers = await Promise.all(
    line.images.map((_, i) => post(served, `metal/score?part=${i}`, picture(i))),
  );
  answers.forEach(({ status, answer }, i) => {
    assert.is(status, 200, JSON.stringify(answer));
    const { image: _, ...fields } = expected[i];
    for (const [name, value] of Object.entries(fields)) assert.equal(answer[name], value, `${i}: ${name}`);
    assert.equal([answer.product, answer.part, answer.error], ["metal", String(i), null]);
    assert.ok(["OK", "REVIEW", "NG"].includes(answer.verdict));
  });
});

test("the same part is scored once, also when it is asked for at the same time", async () => {
  const before = await metric(served, SCORED);
  const asked = () => post(served, "metal/score?part=once", picture(5));
  const together = await Promise.all([asked(), asked(), asked()]);
  const later = await asked();
  for (const { answer } of together) assert.equal(answer, later.answer);
  assert.is((await metric(served, SCORED)) - before, 1);
  const stored = await get(served, "/v1/products/metal/parts/once");
  assert.equal(stored.answer, later.answer);
});

test("another picture under the same id is refused, unless the first one could not be told", async () => {
  await post(served, "metal/score?part=a%2Fb", picture(1));
  const other = await post(served, "metal/score?part=a%2Fb", picture(3));
  assert.equal([other.status, other.answer.verdict, other.answer.error.code], [409, "ERROR", "other-image"]);
  const cut = await post(served, "metal/score?part=cut", picture(1).subarray(0, 300));
  assert.equal([cut.status, cut.answer.verdict, cut.answer.score], [422, "ERROR", null]);
  const whole = await post(served, "metal/score?part=cut", picture(1));
  assert.is(whole.status, 200);
});

test("what is no picture is an ERROR, never OK", async () => {
  const huge = encodePng({ width: 1, height: 1, data: new Uint8Array(3) });
  const header = new DataView(huge.buffer, huge.byteOffset);
  header.setUint32(16, 60_000);
  header.setUint32(20, 60_000);
  header.setUint32(29, crc32(huge, 12, 29));
  const cases: [Uint8Array, RegExp][] = [
    [new Uint8Array(0), /^empty$/],
    [Buffer.from("hello, this is not a picture"), /^not-an-image$/],
    [new Uint8Array(5000).fill(7), /^not-an-image$/],
    [huge, /^too-large$/],
  ];
  for (const [bytes, code] of cases) {
    const { status, answer } = await post(served, "metal/score", bytes);
    assert.equal([status, answer.verdict, answer.score], [422, "ERROR", null]);
    assert.match(answer.error.code, code);
  }
});

test("a picture may come in a form", async () => {
  const form = new FormData();
  form.append("file", new Blob([picture(7)], { type: "image/png" }), "7.png");
  const { status, answer } = await post(served, "metal/score?part=form", form);
  const raw = await post(served, "metal/score?part=raw", picture(7));
  assert.equal([status, answer.score, answer.sha256], [200, raw.answer.score, raw.answer.sha256]);
  const empty = new FormData();
  empty.append("name", "value");
  const without = await post(served, "metal/score", empty);
  assert.equal(
    [without.status, without.answer.verdict, without.answer.error.code],
    [422, "ERROR", "no-file"],
  );
  const large = new FormData();
  large.append("file", new Blob([new Uint8Array(210_000)]), "large.png");
  assert.is((await post(served, "metal/score", large)).status, 413);
});

test("refusals have a code and say ERROR where a verdict was asked for", async () => {
  const text = await post(served, "metal/score", picture(1), { "content-type": "text/plain" });
  assert.equal([text.status, text.answer.verdict, text.answer.error.code], [415, "ERROR", "content-type"]);
  const large = await post(served, "metal/score", new Uint8Array(200_001));
  assert.equal([large.status, large.answer.verdict, large.answer.error.code], [413, "ERROR", "too-large"]);
  const nothing = await post(served, "wood/score", picture(1));
  assert.equal(
    [nothing.status, nothing.answer.verdict, nothing.answer.error.code],
    [404, "ERROR", "no-product"],
  );
  const odd = await post(served, "metal/score?part=a%1Bb", picture(1));
  assert.equal([odd.status, odd.answer.verdict], [400, "ERROR"]);
  for (const { answer } of [text, large, nothing, odd])
    assert.not.match(JSON.stringify(answer), /\bat \S+:\d+/);
  const absent = await get(served, "/v1/products/metal/parts/never");
  assert.equal([absent.status, absent.answer.error.code, absent.answer.verdict], [404, "no-part", undefined]);
});

test("a page of another origin is refused, and so is another name for this machine", async () => {
  const { status, answer } = await post(served, "metal/score", picture(1), { origin: "http://example.com" });
  assert.equal([status, answer.error.code], [403, "origin"]);
  const near = `${new URL(served.address).host}.example.com`;
  assert.is((await get(served, "/livez", { origin: `http://${near}` })).status, 403);
  assert.is((await get(served, "/livez", { origin: served.address })).status, 200);
});

test("a part is given again with its picture and its heat map", async () => {
  const where = `${served.address}/v1/products/metal/parts/1`;
  const image = await fetch(`${where}/image`);
  assert.is(image.headers.get("content-type"), "image/png");
  assert.equal(Buffer.from(await image.arrayBuffer()), picture(1));
  const map = await decodeImage(Buffer.from(await (await fetch(`${where}/map`)).arrayBuffer()));
  assert.ok(map.height === 64 && map.width > 64, `${map.width} x ${map.height}: the picture and a legend`);
  const cut = await fetch(`${served.address}/v1/products/metal/parts/never/map`);
  assert.is(cut.status, 404);
});

test("the last parts are listed, the newest first, by verdict", async () => {
  await post(served, "metal/score?part=newest", picture(2));
  const { parts } = (await get(served, "/v1/products/metal/parts?limit=3")).answer;
  assert.equal([parts.length, parts[0].part], [3, "newest"]);
  const errors = (await get(served, "/v1/products/metal/parts?verdict=ERROR")).answer.parts;
  assert.ok(errors.length > 0 && errors.every(({ verdict }: { verdict: string }) => verdict === "ERROR"));
  assert.is((await get(served, "/v1/products/metal/parts?limit=0")).status, 400);
});

test("a product tells its prompts and what its line promises", async () => {
  const { answer } = await get(served, "/v1/products/metal");
  assert.equal([answer.state, answer.calibration.status, answer.prompts.length], ["serving", "hint", 3]);
  assert.match(answer.promise[0], /^Of 1000 good parts like these 3, /);
  assert.equal((await get(served, "/v1/products")).answer.products, [answer]);
});

test("what a person says of a part is kept with its picture", async () => {
  const { status, answer } = await post(served, "metal/parts/3/review", Buffer.from('{"verdict":"good"}'), {
    "content-type": "application/json",
  });
  assert.equal([status, answer.review.verdict], [200, "good"]);
  assert.is((await get(served, "/v1/products/metal/parts/3")).answer.review.verdict, "good");
  const [said] = readFileSync(path.join(folder, "reviews/reviews.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((text) => JSON.parse(text));
  assert.equal([said.part, said.review, said.sha256], ["3", "good", answer.sha256]);
  assert.equal(readFileSync(path.join(folder, "reviews", said.file)), picture(3));
  const wrong = await post(served, "metal/parts/3/review", Buffer.from('{"verdict":"perhaps"}'), {
    "content-type": "application/json",
  });
  assert.is(wrong.status, 400);
  const order = (await get(served, "/v1/products/metal/parts")).answer.parts;
  assert.is(order[0].part, "newest", "a review moves no part");
});

test("a bank learns a flagged part that was confirmed, is served so at once, and goes back", async () => {
  const say = async (where: string, body: object) => {
    const json = { "content-type": "application/json" };
    return await post(served, `metal/${where}`, Buffer.from(JSON.stringify(body)), json);
  };
  const state = async () => (await get(served, "/v1/products/metal")).answer;
  const checks = Uint8Array.from({ length: 3 * 64 * 64 }, (_, i) => 255 * ((i >> 2) & 1));
  const odd = encodePng({ width: 64, height: 64, data: checks });
  assert.is((await post(served, "metal/score?part=odd", odd)).answer.verdict, "NG");
  // Part 3 was not flagged: as a prompt it would add little.
  assert.is((await state()).learn.count, 0);
  await say("parts/odd/review", { verdict: "good" });
  const before = await state();
  assert.equal(before.learn, { as: "prompt", count: 1, refused: null });
  assert.equal([before.version, before.last_change, before.reviews], [1, null, true]);
  await say("parts/odd/review", { verdict: "bad" });
  assert.is((await state()).learn.count, 0, "the last word counts");
  const nothing = await say("learn", {});
  assert.equal([nothing.status, nothing.answer.error.code], [409, "nothing"]);
  await say("parts/odd/review", { verdict: "good" });

  const { status, answer: learnt } = await say("learn", {});
  assert.equal([status, learnt.version, learnt.learn.count], [200, 2, 0]);
  const { what, images, version } = learnt.last_change;
  assert.equal([what, images, version], ["prompts added", 1, 2]);
  assert.is(learnt.prompts.length, 4);
  assert.is.not(learnt.ids.bank, before.ids.bank);
  const again = (await post(served, "metal/score?part=odd", odd)).answer;
  assert.ok(Math.abs(again.score) < 1e-5, `a prompt is like itself, and scores ${again.score}`);

  assert.is((await say("undo", { version: 3 })).status, 409);
  const { answer: undone } = await say("undo", { version: 2 });
  assert.equal([undone.version, undone.learn.count, undone.ids], [1, 1, before.ids]);
  assert.is((await say("undo", { version: 2 })).status, 409, "once");
});

test("health, metrics and the OpenAPI document are there", async () => {
  assert.equal((await get(served, "/livez")).answer, { state: "live" });
  const ready = await get(served, "/readyz");
  assert.equal([ready.status, ready.answer.products], [200, [{ name: "metal", state: "serving" }]]);
  assert.equal((await get(served, "/v2/health/live")).answer, { live: true });
  assert.equal((await get(served, "/v2/health/ready")).answer, { ready: true });
  const metrics = await (await fetch(`${served.address}/metrics`)).text();
  for (const name of [
    "inctrl_verdicts_total",
    "inctrl_queue_depth",
    "inctrl_score_seconds_bucket",
    "inctrl_requests_total",
  ])
    assert.match(metrics, name);
  const { answer: document } = await get(served, "/docs/json");
  const { valid, errors } = await new Validator().validate(document);
  assert.ok(valid, JSON.stringify(errors));
  const { requestBody, responses } = document.paths["/v1/products/{name}/score"].post;
  assert.ok(requestBody.content["application/octet-stream"] && responses[200] && responses[503]);
});

test.run();
