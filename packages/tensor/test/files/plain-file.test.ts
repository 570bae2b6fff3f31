import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { folderTests, throwsCode } from "@inctrl/testing";
import * as assert from "uvu/assert";
import { fromDisk, onDisk, readNames } from "../../src/files/disk-path.js";
import { TensorFileError } from "../../src/files/error.js";
import { boundedJson } from "../../src/files/json.js";
import { readNpy } from "../../src/files/npy.js";
import { readPlainFile, readPlainText, streamPlainFile } from "../../src/files/plain-file.js";
import { openSafetensors } from "../../src/files/safetensors.js";

const test = folderTests("plain-file");
const unix = process.platform !== "win32";

const READERS: readonly (readonly [name: string, read: (path: string) => Promise<unknown>])[] = [
  ["readPlainFile", (path) => readPlainFile(path, 100)],
  ["streamPlainFile", (path) => streamPlainFile(path, 100).next()],
  ["readNpy", readNpy],
  ["openSafetensors", openSafetensors],
];

for (const [name, read] of READERS) {
  test(`${name} refuses what is no plain file, and waits for none`, async ({ dir }) => {
    const pipe = join(dir, "pipe");
    const socket = join(dir, "socket");
    const server = createServer();
    if (unix) {
      execFileSync("mkfifo", [pipe]);
      await once(server.listen(socket), "listening");
      await symlink("/dev/zero", join(dir, "zeros"));
      await symlink(pipe, join(dir, "link"));
    }
    const cases: [path: string, says: RegExp][] = [[dir, /this is no file but a folder/]];
    if (unix) {
      cases.push(
        [pipe, /this is no file but a pipe/],
        [join(dir, "link"), /this is no file but a pipe/],
        [socket, /this is no file but a socket/],
      );
      cases.push(
        ["/dev/zero", /this is no file but a device/],
        [join(dir, "zeros"), /this is no file but a device/],
      );
    }
    for (const [path, says] of cases) await throwsCode(() => read(path), "not-a-file", says, TensorFileError);
    await throwsCode(() => read(join(dir, "none")), "not-found", /no such file/, TensorFileError);
    server.close();
  });
}

test("bytes are counted as they are read, whatever the size is said to be", async ({ dir }) => {
  const path = join(dir, "ten");
  await writeFile(path, "0123456789");
  assert.is(await readPlainText(path, 10), "0123456789");
  const parts = [];
  for await (const part of streamPlainFile(path, 10)) parts.push(part);
  assert.is(Buffer.concat(parts).toString(), "0123456789");
  assert.is(Buffer.from(await readPlainFile(path, 4, "leave")).toString(), "0123");
  await throwsCode(() => readPlainFile(path, 9), "too-large", /more than the 9 bytes/, TensorFileError);
  await throwsCode(() => streamPlainFile(path, 9).next(), "too-large", /9 bytes/, TensorFileError);
  if (process.platform !== "linux") return;
  // The system says of these that they hold nothing.
  assert.match(await readPlainText("/proc/self/status", 1e5), /^Name:/);
  await throwsCode(() => readPlainFile("/proc/self/status", 10), "too-large", /10 bytes/, TensorFileError);
  assert.is((await readPlainFile("/proc/self/status", 10, "leave")).length, 10);
});

test("a name of any bytes leads back to its file", async ({ dir }) => {
  for (const bytes of [
    [0x63, 0xe9, 0x2e],
    [0xff, 0xc3],
    [0xed, 0xb2, 0x80],
    [0xf0, 0x9f, 0x98, 0x80],
    [0xef, 0xbf, 0xbd],
  ]) {
    const name = fromDisk(Buffer.from(bytes));
    assert.equal([...Buffer.from(onDisk(name))], bytes);
    assert.is(JSON.parse(JSON.stringify(name)), name);
  }
  assert.is(fromDisk(Buffer.from("grün\u{1f600}")), "grün\u{1f600}");
  if (process.platform !== "linux") return;
  const name = "caf\udce9.txt";
  await writeFile(onDisk(join(dir, name)), "latin");
  assert.equal(await readNames(dir), [name]);
  assert.is(await readPlainText(join(dir, name), 10), "latin");
});

test("JSON nested deeper than any format of ours is refused", () => {
  const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
  assert.equal(boundedJson('{"a\\"[":["[[[",{}]}'), { 'a"[': ["[[[", {}] });
  boundedJson(`[${Array(200).fill("[]").join()}]`);
  boundedJson(nested(100));
  assert.throws(() => boundedJson(nested(101)), /nested more than 100 deep/);
  assert.throws(() => boundedJson('{"a":'.repeat(1e6)), /nested more than 100 deep/);
  assert.throws(() => boundedJson('"\\'), SyntaxError);
});

test.run();
