import { spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { readSealed } from "@inctrl/detect";
import { folderTests } from "@inctrl/testing";
import * as assert from "uvu/assert";
import { Ledger, type LedgerEntry, watchFolder } from "../../src/index.js";
import { brightness, picture } from "../support/scorer.js";

const test = folderTests("ledger");

const DAY = new Date("2026-01-02T23:59:00Z");
const entry = (id: string): LedgerEntry => ({ id, kind: "part", time: DAY.toISOString() });

/** Opens a ledger, adds entries, and closes it. @returns the ids that were there. */
async function add(dir: string, ids: readonly string[], now = DAY): Promise<string[]> {
  const there: string[] = [];
  await using ledger = await Ledger.open(dir, { onEntry: ({ id }) => there.push(id) });
  await ledger.append(ids.map(entry), now);
  return there;
}

test("entries are there again in their order, and every line vouches for those before it", async ({
  dir,
}) => {
  assert.equal(await add(dir, ["a", "b"]), []);
  assert.equal(await add(dir, ["c"]), ["a", "b"]);
  assert.equal(await add(dir, []), ["a", "b", "c"]);
  const lines = [...readSealed(readFileSync(join(dir, "2026-01-02.jsonl"), "utf8"))];
  assert.equal(
    lines.map(({ sealed }) => sealed),
    [true, true, true],
  );
});

test("each day has a file, and a clock that was set back stays in the newest", async ({ dir }) => {
  await add(dir, ["a"]);
  await add(dir, ["b"], new Date("2026-01-03T00:00:00Z"));
  await add(dir, ["c"]);
  assert.equal(readdirSync(dir).sort(), ["2026-01-02.jsonl", "2026-01-03.jsonl"]);
  assert.equal(await add(dir, []), ["a", "b", "c"]);
});

test("a last line that was cut short anywhere is taken away, and the next goes on", async ({ dir }) => {
  await add(dir, ["a", "b"]);
  const file = join(dir, "2026-01-02.jsonl");
  const whole = readFileSync(file);
  const first = whole.indexOf(10) + 1;
  for (const length of [first + 1, first + 20, whole.length - 1]) {
    writeFileSync(file, whole.subarray(0, length));
    assert.equal(await add(dir, ["c"]), ["a"]);
    assert.equal(await add(dir, []), ["a", "c"]);
    assert.equal(readdirSync(dir), ["2026-01-02.jsonl"]);
  }
});

test("lines that were changed are set aside, and said", async ({ dir }) => {
  await add(dir, ["a"]);
  appendFileSync(join(dir, "2026-01-02.jsonl"), '{"id":"x"}\n');
  const notes: string[] = [];
  await using _ = await Ledger.open(dir, { onNote: (text) => notes.push(text) });
  assert.match(notes[0], "are set aside in");
  const aside = readdirSync(dir).find((name) => name.includes("damaged"))!;
  assert.is(readFileSync(join(dir, aside), "utf8"), '{"id":"x"}\n');
});

test("a disk that is full stops the watch with a word, nothing is lost, and it goes on when there is room", async ({
  dir,
}) => {
  const disk = join(dir, "disk");
  mkdirSync(disk);
  if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", disk]).status !== 0) {
    console.log("skipped: no small disk can be mounted here");
    return;
  }
  try {
    const [from, out] = [join(disk, "in"), join(disk, "out")];
    mkdirSync(from);
    for (let i = 0; i < 5; i++) writeFileSync(join(from, `${i}.png`), picture(i));
    const watch = () =>
      watchFolder({ from, out, scorer: brightness(), once: true, signal: new AbortController().signal });
    await watch();
    writeFileSync(join(from, "5.png"), picture(5));
    const filler = join(disk, "filler");
    try {
      for (;;) appendFileSync(filler, Buffer.alloc(4096));
    } catch {}
    // The last page of the ledger has room for some lines.
    const problems: string[] = [];
    for (let i = 6; i < 40 && problems.length === 0; i++) {
      await watch().catch((error: Error) => problems.push(error.message));
      await rm(filler);
      writeFileSync(join(from, `${i}.png`), picture(i));
      try {
        for (;;) appendFileSync(filler, Buffer.alloc(4096));
      } catch {}
    }
    assert.match(problems[0], "the disk is full");
    await rm(filler);
    await watch();
    const sorted = readdirSync(join(out, "ok")).length;
    const seen: LedgerEntry[] = [];
    await using _ = await Ledger.open(join(out, "ledger"), { onEntry: (each) => seen.push(each) });
    assert.is(seen.length, sorted);
    assert.is(new Set(seen.map(({ image }) => image)).size, sorted);
    assert.equal(readdirSync(from), []);
    assert.equal(readdirSync(join(out, ".claimed")), []);
  } finally {
    spawnSync("umount", [disk]);
  }
});

test.run();
