import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { TensorFileError } from "@inctrl/tensor/files";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { openSink } from "../../src/output/sink.js";
import { temporaryFolder } from "../support/cli.js";

const { folder, remove } = temporaryFolder();
test.after(remove);

async function refusal(action: () => Promise<unknown>): Promise<string> {
  try {
    await action();
  } catch (error) {
    assert.instance(error, TensorFileError);
    return (error as TensorFileError).message;
  }
  return assert.unreachable("was not refused") as never;
}

/** Asserts that a folder holds one file, of this text. */
function holdsOnly(dir: string, name: string, text: string): void {
  assert.is(readFileSync(path.join(dir, name), "utf8"), text);
  assert.equal(readdirSync(dir), [name]);
}

test("a file appears whole, and only at the end", async () => {
  const file = path.join(folder, "scores.csv");
  const sink = await openSink(file);
  await sink.write("a,b\n");
  await sink.write("1,2\n");
  assert.not(existsSync(file));
  await sink.finish();
  holdsOnly(folder, "scores.csv", "a,b\n1,2\n");
});

test("discarded output leaves the older file as it was and no other", async () => {
  const own = path.join(folder, "own");
  mkdirSync(own);
  const file = path.join(own, "scores.csv");
  writeFileSync(file, "old");
  const sink = await openSink(file);
  await sink.write("new");
  await sink.discard();
  holdsOnly(own, "scores.csv", "old");
});

test("a file that another run is writing is refused, through a link too; other files beside it are not", async () => {
  const shared = path.join(folder, "shared");
  mkdirSync(shared);
  symlinkSync("scores.csv", path.join(shared, "link.csv"));
  const [file, link, other] = ["scores.csv", "link.csv", "other.csv"].map((name) => path.join(shared, name));
  const sink = await openSink(file);
  for (const taken of [file, link])
    assert.match(
      await refusal(() => openSink(taken)),
      `another run (process ${process.pid}) writes here; wait`,
    );
  await (await openSink(other)).discard();
  await sink.discard();
  await (await openSink(link)).discard();
  assert.equal(readdirSync(shared), ["link.csv"]);
});

test("writing through a link keeps the link", async () => {
  const target = path.join(folder, "target.txt");
  const link = path.join(folder, "link.txt");
  writeFileSync(target, "old");
  symlinkSync(target, link);
  const sink = await openSink(link);
  await sink.write("new");
  await sink.finish();
  assert.is(readFileSync(target, "utf8"), "new");
  assert.is(readFileSync(link, "utf8"), "new");
});

test("missing folders and folders are refused in one line", async () => {
  assert.match(
    await refusal(() => openSink(path.join(folder, "no/such/x.csv"))),
    /there is no folder .*make it/,
  );
  assert.match(await refusal(() => openSink(folder)), "this is a folder; give a file name");
});

test("a full device is reported as full, and stays a device", async () => {
  if (!existsSync("/dev/full")) return console.log("skipped: no /dev/full here");
  const sink = await openSink("/dev/full");
  const message = await refusal(async () => {
    await sink.write("results");
    await sink.finish();
  });
  assert.is(message, "/dev/full: the disk is full; free some space or write elsewhere");
  await sink.discard();
  assert.ok(statSync("/dev/full").isCharacterDevice());
  return undefined;
});

test.run();
