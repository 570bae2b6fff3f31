import { throwsCode } from "@inctrl/testing";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { TensorFileError } from "../../src/files/error.js";
import { dropFile, fileInMemory, holdFile } from "../../src/files/memory-files.js";
import { openPlain } from "../../src/files/open-plain-browser.js";
import { openWholeFile, writeFileAtomic } from "../../src/files/write-file-browser.js";

// What stands for the disk in a browser.

test("a file in memory is read from its start, and from a place", async () => {
  holdFile("numbers", Uint8Array.of(1, 2, 3, 4, 5));
  const { handle, size } = await openPlain("numbers");
  await using _ = handle;
  assert.is(size, 5);
  const into = new Uint8Array(4);
  assert.is((await handle.read(into, 1, 2, null)).bytesRead, 2);
  assert.is((await handle.read(into, 3, 1, null)).bytesRead, 1);
  assert.equal([...into], [0, 1, 2, 3]);
  assert.is((await handle.read(into, 0, 4, 3)).bytesRead, 2, "only two lie behind place 3");
  assert.equal([...into.subarray(0, 2)], [4, 5]);
  assert.is((await handle.read(into, 0, 4, null)).bytesRead, 2, "a place does not move the next bytes");
  assert.is((await handle.read(into, 0, 4, null)).bytesRead, 0);
});

test("a file that was let go is not there", async () => {
  holdFile("gone", Uint8Array.of(1));
  dropFile("gone");
  await throwsCode(() => openPlain("gone"), "not-found", /gone: no such file/, TensorFileError);
});

test("a file appears once it is finished, with copies of its pieces", async () => {
  const piece = Uint8Array.of(7, 8);
  const file = await openWholeFile("whole");
  await file.write(piece);
  piece.fill(0);
  await file.write("é");
  assert.is(fileInMemory("whole"), undefined);
  await file.finish();
  assert.equal([...(fileInMemory("whole") ?? [])], [7, 8, 0xc3, 0xa9]);
});

test("what fails on its way leaves the older file", async () => {
  await writeFileAtomic("older", Uint8Array.of(1));
  const parts = (function* () {
    yield Uint8Array.of(2);
    throw new Error("no more");
  })();
  await throwsCode(() => writeFileAtomic("older", parts), "write", /older: .*no more/, TensorFileError);
  assert.equal([...(fileInMemory("older") ?? [])], [1]);
});

test.run();
