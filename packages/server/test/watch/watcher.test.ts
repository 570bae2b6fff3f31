import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { encodePng } from "@inctrl/datasets";
import { folderTests } from "@inctrl/testing";
import * as assert from "uvu/assert";
import { DriftLog, type WatchOptions, watchFolder } from "../../src/index.js";
import { brightness, picture } from "../support/scorer.js";

const test = folderTests("watched folder", { from: "", out: "" });
test.before.each((context) => {
  context.from = join(context.dir, "in");
  context.out = join(context.dir, "out");
  mkdirSync(context.from);
});

type Given = Pick<WatchOptions, "from" | "out"> & Partial<WatchOptions>;

const once = (given: Given) =>
  watchFolder({
    scorer: brightness(),
    once: true,
    patienceMs: 0,
    signal: new AbortController().signal,
    ...given,
  });

/** Watches while a job runs. */
async function during(given: Given, job: () => Promise<void>): Promise<void> {
  const controller = new AbortController();
  const ended = watchFolder({ scorer: brightness(), pollMs: 20, ...given, signal: controller.signal });
  try {
    await Promise.race([job(), ended]);
  } finally {
    controller.abort();
    await ended;
  }
}

async function until(what: string, check: () => boolean): Promise<void> {
  for (let tries = 0; !check(); tries++) {
    assert.ok(tries < 500, `${what} did not come`);
    await setTimeout(20);
  }
}

const put = (dir: string, name: string, bytes: Uint8Array | string) => writeFileSync(join(dir, name), bytes);
const names = (...path: string[]) =>
  (existsSync(join(...path)) ? readdirSync(join(...path)) : []).filter((name) => !name.startsWith("."));

/** All entries of a ledger. */
const ledger = (out: string): Record<string, unknown>[] =>
  names(out, "ledger").flatMap((name) =>
    readFileSync(join(out, "ledger", name), "utf8")
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line)),
  );

test("what lies there is sorted by verdict, and the ledger tells each", async ({ from, out }) => {
  for (const [name, gray] of Object.entries({ "a.png": 10, "b.png": 97, "c.png": 200 }))
    put(from, name, picture(gray));
  put(from, "d.png", picture(255));
  put(from, "e.png", "no picture");
  const counts = await once({ from, out });
  assert.equal(counts, { OK: 1, REVIEW: 1, NG: 1, ERROR: 2, repeats: 0, waiting: 0 });
  assert.equal(
    ["ok", "review", "ng", "error"].map((dir) => names(out, dir)),
    [["a.png"], ["b.png"], ["c.png"], ["d.png", "e.png"]],
  );
  assert.equal(readdirSync(from), []);
  assert.equal(readdirSync(join(out, ".claimed")), []);
  const told = Object.fromEntries(ledger(out).map(({ image, ...entry }) => [image, entry]));
  assert.is(told["c.png"].verdict, "NG");
  assert.is(told["c.png"].to, "ng/c.png");
  assert.is(told["c.png"].score, Number((200 / 255).toPrecision(9)));
  assert.equal(told["c.png"].facts, {
    brightness: 200,
    contrast: 0,
    sharpness: 0,
    patches: Number(Math.fround(200 / 255).toPrecision(9)),
  });
  assert.match(String(told["c.png"].sha256), /^[0-9a-f]{64}$/);
  assert.is(told["d.png"].verdict, "ERROR");
  assert.is(told["d.png"].error, "no finite score");
  assert.is(told["e.png"].verdict, "ERROR");
});

test("what arrives later is found, and names of files at work are left alone until they change", async ({
  from,
  out,
}) => {
  await during({ from, out }, async () => {
    for (const name of [".a.png", "b.png.part", "c.tmp", "d.png~", "Thumbs.db"]) put(from, name, picture(1));
    mkdirSync(join(from, "folder.png"));
    put(from, "z.png", picture(2));
    await until("z.png", () => names(out, "ok").includes("z.png"));
    assert.equal(names(out, "ok"), ["z.png"]);
    renameSync(join(from, "b.png.part"), join(from, "b.png"));
    await until("b.png", () => names(out, "ok").includes("b.png"));
    assert.equal(names(from).sort(), ["Thumbs.db", "c.tmp", "d.png~", "folder.png"]);
  });
});

test("a picture that is still being written is tried again until it is whole", async ({ from, out }) => {
  const bytes = picture(200);
  await during({ from, out, patienceMs: 10_000 }, async () => {
    put(from, "a.png", bytes.subarray(0, 30));
    await until("the claim", () => names(from).length === 0);
    const [id] = readdirSync(join(out, ".claimed"));
    await setTimeout(300);
    assert.equal(ledger(out), []);
    // A writer goes on in the file that it opened, wherever it has been moved.
    writeFileSync(join(out, ".claimed", id, "a.png"), bytes);
    await until("the verdict", () => names(out, "ng").length === 1);
  });
  assert.equal(
    ledger(out).map(({ verdict }) => verdict),
    ["NG"],
  );
});

test("a picture that stays cut off is an error once it has stood still for the time allowed", async ({
  from,
  out,
}) => {
  await during({ from, out, patienceMs: 400 }, async () => {
    const begun = performance.now();
    put(from, "a.png", picture(1).subarray(0, 30));
    await until("the error", () => names(out, "error").length === 1);
    assert.ok(performance.now() - begun > 390);
  });
  assert.match(String(ledger(out)[0].error), "PNG");
});

test("names that are taken get the start of the file's sum, then a number, and nothing is replaced", async ({
  from,
  out,
}) => {
  for (const gray of [1, 2]) {
    put(from, "a.png", picture(gray));
    await once({ from, out });
  }
  const [, { sha256 }] = ledger(out);
  const second = `a-${String(sha256).slice(0, 8)}.png`;
  assert.equal(names(out, "ok").sort(), [second, "a.png"].sort());
  assert.equal([...readFileSync(join(out, "ok/a.png"))], [...picture(1)]);
  put(from, "a.png", picture(2));
  await once({ from, out });
  assert.ok(names(out, "ok").includes(`a-${String(sha256).slice(0, 8)}-2.png`));
});

test("the same bytes are scored once by one bank, within a batch and after a restart", async ({
  from,
  out,
}) => {
  const scorer = brightness();
  for (const name of ["a.png", "b.png"]) put(from, name, picture(200));
  assert.is((await once({ from, out, scorer })).repeats, 1);
  put(from, "c.png", picture(200));
  await once({ from, out, scorer });
  assert.is(scorer.scored.length, 1);
  const [first, ...others] = ledger(out);
  assert.equal(
    others.map(({ repeat_of, verdict, score }) => [repeat_of, verdict, score]),
    [
      [first.id, "NG", first.score],
      [first.id, "NG", first.score],
    ],
  );
  put(from, "d.png", picture(200));
  const other = brightness({ bank: "another" });
  await once({ from, out, scorer: other });
  assert.is(other.scored.length, 1);
});

test("two watches of one folder are refused", async ({ from, out, dir }) => {
  await during({ from, out }, async () => {
    await until("the start", () => readdirSync(from).includes(".inctrl.lock"));
    for (const other of [out, join(dir, "other")]) {
      await once({ from, out: other }).then(
        () => assert.unreachable(),
        ({ code }) => assert.is(code, "locked"),
      );
    }
  });
});

test("a folder of sorted parts is not watched", async ({ out, dir }) => {
  mkdirSync(join(out, "ng"), { recursive: true });
  for (const from of [out, join(out, "ng"), join(dir, "absent")]) {
    await once({ from, out }).then(
      () => assert.unreachable(),
      ({ code, message }) => assert.is(code, "folder", message),
    );
  }
});

test("links in the folder are left alone", async ({ from, out, dir }) => {
  put(dir, "else.png", picture(1));
  symlinkSync(join(dir, "else.png"), join(from, "link.png"));
  assert.is((await once({ from, out })).OK, 0);
  assert.equal(names(from), ["link.png"]);
});

test("a signal ends the watch after what is in hand, and the next run does the rest", async ({
  from,
  out,
}) => {
  for (let i = 0; i < 20; i++) put(from, `${i}.png`, picture(i));
  const scorer = brightness({ delay: 20 });
  await during({ from, out, scorer }, () => until("some", () => scorer.scored.length >= 3));
  assert.ok(ledger(out).length >= 3 && ledger(out).length < 20, `${ledger(out).length}`);
  await once({ from, out });
  assert.is(names(out, "ok").length, 20);
  assert.is(ledger(out).length, 20);
});

test("the oldest pictures go where there is a limit, and the ledger stays", async ({ from, out }) => {
  for (let i = 0; i < 5; i++) {
    put(from, `${i}.png`, picture(i));
    await once({ from, out });
    await setTimeout(15);
  }
  const size = picture(0).length;
  put(from, "5.png", picture(5));
  await once({ from, out, keepBytes: 3 * size + 20 });
  assert.ok(names(out, "ok").length <= 4, names(out, "ok").join());
  assert.not.ok(names(out, "ok").includes("0.png"));
  assert.is(ledger(out).length, 6);
});

test("drift is told once, also to the ledger, and a restart goes on from there", async ({ from, out }) => {
  const scores = Array.from({ length: 99 }, (_, i) => (i + 1) / 255);
  const causes: (string | null)[] = [];
  let parts = 0;
  const run = async (count: number, gray: (part: number) => number) => {
    for (let i = 0; i < count; i++, parts++) {
      const data = new Uint8Array(192).fill(gray(parts));
      // No two have the same bytes.
      data.set([parts % 256, parts >> 8], 3);
      put(from, `${parts}.png`, encodePng({ width: 8, height: 8, data }));
    }
    const drift = new DriftLog(
      { status: "calibrated", alpha: 0.01, scores, facts: null },
      ...(["bank", { window: 20 }] as const),
    );
    await once({ from, out, drift, onDrift: ({ cause }) => causes.push(cause) });
    return drift.state;
  };
  const told = () => ledger(out).filter(({ kind }) => kind === "drift");
  assert.is((await run(40, (part) => 1 + ((37 * part) % 99))).parts, 40);
  assert.equal([causes, told()], [[], []]);
  assert.is((await run(40, () => 180)).parts, 80);
  assert.equal([causes, told().map(({ cause }) => cause)], [["product"], ["product"]]);
  assert.match(String(told()[0].text), /^drift \(product\): the parts have changed; /);
  // The same drift is no news after a restart.
  assert.is((await run(5, () => 180)).parts, 85);
  assert.equal([causes.length, told().length], [1, 1]);
});

test.run();
