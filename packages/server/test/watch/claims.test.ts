import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { folderTests } from "@inctrl/testing";
import * as assert from "uvu/assert";
import { Ledger, type LedgerEntry, watchFolder } from "../../src/index.js";
import { Claims } from "../../src/watch/claims.js";
import { freeName, isArrived } from "../../src/watch/names.js";
import { Retention } from "../../src/watch/retention.js";
import { brightness, picture } from "../support/scorer.js";

const test = folderTests("claims", { from: "", out: "" });
test.before.each((context) => {
  context.from = join(context.dir, "in");
  context.out = join(context.dir, "out");
  mkdirSync(join(context.out, "ok"), { recursive: true });
  mkdirSync(context.from);
});

const ENTRY = {
  id: "0-1",
  kind: "part",
  time: "2026-01-02T03:04:05Z",
  sha256: "ab".repeat(32),
  bank: "bank",
} as const;

/** What a watch leaves that was killed once its decision was written. */
async function decided(out: string): Promise<string> {
  const claimed = join(out, ".claimed/0-1/a.png");
  mkdirSync(join(claimed, ".."), { recursive: true });
  writeFileSync(claimed, picture(1));
  await using ledger = await Ledger.open(join(out, "ledger"));
  await ledger.append([{ ...ENTRY, verdict: "OK", score: 0.1, image: "a.png", to: "ok/a.png" }]);
  return claimed;
}

async function restart(from: string, out: string): Promise<{ scored: number; entries: LedgerEntry[] }> {
  const scorer = brightness();
  await watchFolder({ from, out, scorer, once: true, signal: new AbortController().signal });
  const entries: LedgerEntry[] = [];
  await using _ = await Ledger.open(join(out, "ledger"), { onEntry: (entry) => entries.push(entry) });
  assert.equal(readdirSync(join(out, ".claimed")), []);
  return { scored: scorer.scored.length, entries };
}

test("a decision that was written is carried out, without scoring again", async ({ from, out }) => {
  await decided(out);
  const { scored, entries } = await restart(from, out);
  assert.equal([scored, entries.length], [0, 1]);
  assert.equal(readdirSync(join(out, "ok")), ["a.png"]);
});

test("a move that was stopped between its two halves is finished", async ({ from, out }) => {
  const claimed = await decided(out);
  linkSync(claimed, join(out, "ok/a.png"));
  const { scored, entries } = await restart(from, out);
  assert.equal([scored, entries.length], [0, 1]);
  assert.equal(readdirSync(join(out, "ok")), ["a.png"]);
});

test("a file that somebody put in the place stays, and the ledger tells where the picture went", async ({
  from,
  out,
}) => {
  await decided(out);
  writeFileSync(join(out, "ok/a.png"), "somebody's");
  const { entries } = await restart(from, out);
  assert.is(readFileSync(join(out, "ok/a.png"), "utf8"), "somebody's");
  assert.equal([entries[1].id, entries[1].kind, entries[1].to], ["0-1", "moved", "ok/a-abababab.png"]);
  assert.ok(existsSync(join(out, "ok/a-abababab.png")));
});

test("folders of two file systems are refused", async ({ from }) => {
  if (!existsSync("/dev/shm")) return console.log("skipped: no second file system");
  const other = await mkdtemp("/dev/shm/inctrl-claims-");
  try {
    const refused = await Claims.open(from, join(other, "claimed")).then(
      () => null,
      (error: { code: string }) => error,
    );
    assert.is(refused?.code, "folder");
  } finally {
    await rm(other, { recursive: true });
  }
});

test("names of files at work wait, and long names stay within what file systems take", async ({ out }) => {
  for (const name of [".a", "a~", "a.PART", "a.tmp", "Thumbs.db", "a.crdownload"])
    assert.not.ok(isArrived(name), name);
  for (const name of ["a.png", "part.one.jpg", "tmp.png", "a"]) assert.ok(isArrived(name), name);
  const long = `${"ä".repeat(125)}.png`;
  const name = await freeName(join(out, "ok"), long, "ab".repeat(32), new Set([long]));
  assert.ok(Buffer.byteLength(name) <= 255 && name.endsWith("-abababab.png"), name);
});

test("pictures of more days than are kept go, with their maps, and the rest stays", async ({ out }) => {
  mkdirSync(join(out, "maps/ng"), { recursive: true });
  for (const name of ["ok/a.png", "maps/ng/a.png.heatmap.png"]) writeFileSync(join(out, name), "x");
  const retention = new Retention(out, ["ok", "maps"], { keepDays: 2 });
  assert.is(await retention.apply(Date.now() + 86_400_000), 0);
  assert.is(await retention.apply(Date.now() + 3 * 86_400_000), 2);
  assert.is(await new Retention(out, ["ok"], {}).apply(), 0);
});

test.run();
