import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { folderTests, throwsCode } from "@inctrl/testing";
import * as assert from "uvu/assert";
import { TensorFileError } from "../../src/files/error.js";
import { takeLock } from "../../src/files/lock.js";
import { isRunning, ownMark } from "../../src/files/owner.js";
import { writeFileAtomic } from "../../src/files/write-file.js";

const test = folderTests("lock");

/** The mark of a process of this machine that has ended. */
async function endedMark(): Promise<string> {
  const child = spawn(process.execPath, ["--version"], { stdio: "ignore" });
  await once(child, "exit");
  const [host] = (await ownMark()).split("-");
  return `${host}-${child.pid!.toString(36)}-1`;
}

const longAgo = (path: string) => utimes(path, 1, 1);
const FOREIGN = "ffffff-1-1";

test("a lock is held by one, who is named, until it is released", async ({ dir }) => {
  const path = join(dir, "run.lock");
  const lock = await takeLock(path);
  const says = new RegExp(`another run \\(process ${process.pid}\\) writes here`);
  await throwsCode(() => takeLock(path), "locked", says, TensorFileError);
  await lock.release();
  await (await takeLock(path)).release();
  assert.equal(await readdir(dir), []);
});

test("a lock has its holder's mark from its first moment on, so that a kill leaves none without", async ({
  dir,
}) => {
  const path = join(dir, "run.lock");
  let ended = false;
  const seen = new Set<string>();
  const look = async () => {
    while (!ended) seen.add(await readFile(path, "utf8").catch(() => "none"));
  };
  const looking = look();
  for (let i = 0; i < 200; i++) await (await takeLock(path)).release();
  ended = true;
  await looking;
  seen.delete("none");
  assert.equal([...seen], [await ownMark()]);
});

test("a lock is taken over from whom has ended, and from other machines and old versions after a while", async ({
  dir,
}) => {
  const path = join(dir, "run.lock");
  for (const [content, old, taken] of [
    [await endedMark(), false, true],
    [await ownMark(), true, false],
    [FOREIGN, false, false],
    [FOREIGN, true, true],
    ["", false, false],
    ["", true, true],
  ] as const) {
    await writeFile(path, content);
    if (old) await longAgo(path);
    if (taken) await (await takeLock(path)).release();
    else await throwsCode(() => takeLock(path), "locked", /another run/, TensorFileError);
  }
});

test("a process is known by its start too: numbers are given again", async () => {
  const mark = await ownMark();
  assert.is(await isRunning(mark), true);
  assert.is(await isRunning(await endedMark()), false);
  assert.is(await isRunning(FOREIGN), null);
  if (process.platform === "linux") assert.is(await isRunning(mark.replace(/-[^-]*$/, "-0")), false);
});

test("what killed runs left is removed at the next write, and nothing else", async ({ dir }) => {
  const name = (mark: string) => `.inctrl-${mark}-abc.tmp`;
  const [ended, own] = [name(await endedMark()), name(await ownMark())];
  const [fresh, stale] = [name(FOREIGN), name("fffffe-1-1")];
  const others = [".inctrl-x.tmp", ".notes.tmp", "inctrl-0-0-0-0.tmp"];
  const target = ended.replace("abc", "abc-0123456789ab");
  // As earlier versions named them: one that was written to lately may belong to a run of such a version.
  const [older, lately] = [".scores.csv.0a1b2c3d4e5f.tmp", ".scores.csv.0a1b2c3d4e60.tmp"];
  const gone = [older, ".set.0a1b2c3d4e5f.partial", ".head.safetensors.4711-x3v9q2a.tmp"];
  for (const each of [ended, target, own, fresh, stale, lately, ...gone, ...others])
    await writeFile(join(dir, each), "");
  for (const each of [own, stale, ...gone, ...others]) await longAgo(join(dir, each));
  await writeFileAtomic(join(dir, "a.txt"), "a");
  assert.equal((await readdir(dir)).sort(), [own, fresh, lately, "a.txt", ...others].sort());
  assert.is(await readFile(join(dir, "a.txt"), "utf8"), "a");
});

test.run();
