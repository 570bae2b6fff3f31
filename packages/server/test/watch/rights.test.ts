import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { watchFolder } from "../../src/index.js";
import { brightness, picture } from "../support/scorer.js";

const folder = await mkdtemp(join(tmpdir(), "inctrl-rights-"));
const [from, out] = [join(folder, "in"), join(folder, "out")];
test.after(() => rmSync(folder, { recursive: true }));

/** Sorts what lies there. */
const sort = (scorer: ReturnType<typeof brightness>) =>
  watchFolder({ from, out, scorer, once: true, patienceMs: 0, signal: new AbortController().signal });

const names = (...path: string[]) => readdirSync(join(...path)).filter((name) => !name.startsWith("."));

/** Lines of the ledger. */
const told = () =>
  names(out, "ledger").flatMap((name) =>
    readFileSync(join(out, "ledger", name), "utf8")
      .split("\n")
      .filter(Boolean),
  );

/** Runs a job without the rights of root, for whom every folder can be written. */
async function withoutRoot<T>(job: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return await job();
  process.seteuid?.(NOBODY);
  try {
    return await job();
  } finally {
    process.seteuid?.(0);
  }
}
const NOBODY = 65_534;

const withRights = process.geteuid ? test : test.skip;

withRights(
  "a folder that cannot be written ends the watch with a word, and the next start does the rest",
  async () => {
    const folders = [
      folder,
      from,
      out,
      ...["ledger", "ok", "ng", "review", "error"].map((at) => join(out, at)),
    ];
    for (const each of folders) {
      mkdirSync(each, { recursive: true });
      if (process.geteuid?.() === 0) chownSync(each, NOBODY, NOBODY);
    }
    // Which folder, and how often its part is scored and told before the folder is missed. The ledger has no file at first.
    const cases: [shut: string, scored: number, lines: number][] = [
      [join(out, "ledger"), 1, 0],
      [out, 0, 0],
      [from, 0, 0],
      [join(out, "ok"), 1, 1],
    ];
    for (const [i, [shut, scored, lines]] of cases.entries()) {
      const name = `${i}.png`;
      const scorer = brightness();
      writeFileSync(join(from, name), picture(i));
      chmodSync(shut, 0o555);
      const failure = await withoutRoot(() => sort(scorer)).then(
        () => null,
        (error) => error,
      );
      chmodSync(shut, 0o755);
      assert.is(failure?.code, "write", `${shut}: ${failure?.stack}`);
      assert.ok(
        failure.message.includes(shut) && /EACCES|permission/i.test(failure.message),
        failure.message,
      );
      assert.is(names(out, "ok").includes(name), false);
      assert.equal([scorer.scored.length, told().length], [scored, i + lines], shut);
      await withoutRoot(() => sort(scorer));
      assert.is(told().length, i + 1, "each part has a line");
      assert.ok(names(out, "ok").includes(name), shut);
      assert.is(scorer.scored.length, lines === 1 ? scored : scored + 1, "what was told is not scored again");
    }
    assert.equal([names(from), names(out, ".claimed")], [[], []]);
  },
);

test.run();
