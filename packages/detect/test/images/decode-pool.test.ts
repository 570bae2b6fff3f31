import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeImage, encodePng, ImageError } from "@inctrl/datasets";
import { drawProduct } from "@inctrl/synth";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { DecodePool, decodeThreads } from "../../src/images/decode-pool.js";
import { regionOfBox } from "../../src/images/region.js";
import { fileImage, type ImageItem, memoryImage } from "../../src/images/source.js";

const folder = mkdtempSync(join(tmpdir(), "inctrl-pool-"));
test.after(() => rmSync(folder, { recursive: true }));

const LEFT = { x: 0, y: 0, width: 0.5, height: 1 };

const paths = Array.from({ length: 6 }, (_, index) => {
  const path = join(folder, `${index}.png`);
  writeFileSync(path, encodePng(drawProduct({ class: "metal", index, size: 50 + 10 * index }).image));
  return path;
});

test("threads give the bytes and the errors of the calling one, and a close answers all that was asked", async () => {
  const pool = new DecodePool(2);
  await using none = new DecodePool(0);
  for (const fit of ["crop", "squash", "tile"] as const) {
    // All at once: more than there are threads.
    const ask = (from: DecodePool) =>
      Promise.all(paths.map((path) => from.prepare(fileImage(path), { pixels: { size: 32 }, fit })));
    const [got, want] = [await ask(pool), await ask(none)];
    assert.is(got.length, 6);
    assert.equal(got, want);
  }
  const bad = join(folder, "bad.png");
  writeFileSync(bad, "no image");
  const error = await pool
    .prepare(fileImage(bad), { pixels: { size: 32 }, fit: "crop" })
    .catch((reason) => reason);
  assert.instance(error, ImageError);
  assert.match(error.message, "bad.png");
  const asked = paths.map((path) => pool.prepare(fileImage(path), { pixels: { size: 32 }, fit: "crop" }));
  await pool.close();
  for (const answer of await Promise.all(asked)) assert.ok("views" in answer && answer.views.length === 1);
});

test("a pool that is closed when an answer has just come keeps the process until its threads have ended", async () => {
  const pool = new DecodePool(1);
  const ask = () => pool.prepare(fileImage(paths[0]), { pixels: { size: 32 }, fit: "crop" });
  await ask();
  const asked = ask();
  // The thread answers while this one cannot look.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  await pool.close();
  assert.ok("views" in (await asked));
});

/** 9 x 7 pixels whose byte i is 37 i modulo 256, as sharp's lossless WebP. Sharp also decodes it, and keeps the memory of the pixels. */
const WEBP = Buffer.from("UklGRioAAABXRUJQVlA4TB4AAAAvCIABAM1lRP8DhNlGNOMb9kjudQKzPSUxASwzTgA=", "base64");

test("threads hand over decoded pixels for a device, of decoders that keep their memory too", async () => {
  await using pool = new DecodePool(1);
  const options = { pixels: { size: 4 }, fit: "crop", deviceBytes: 2 ** 20 } as const;
  const png = fileImage(paths[5]);
  for (const [item, want] of [
    [memoryImage("small", WEBP), Uint8Array.from({ length: 189 }, (_, i) => 37 * i)],
    [png, (await png.load()).data],
    [memoryImage("small", WEBP), Uint8Array.from({ length: 189 }, (_, i) => 37 * i)],
  ] as const) {
    const answer = await pool.prepare(item, options);
    assert.ok("raster" in answer);
    assert.equal(Uint8Array.from(answer.raster.data), want);
  }
});

test("files in memory are decoded and refused in threads, with the bytes and the words of the calling one", async () => {
  await using pool = new DecodePool(1);
  await using none = new DecodePool(0);
  const bytes = readFileSync(paths[0]);
  const [whole, cut] = [memoryImage("part 1", bytes), memoryImage("part 2", bytes.subarray(0, 300))];
  const options = { pixels: { size: 32 }, fit: "crop", region: regionOfBox(LEFT) } as const;
  const elsewhere = { load: () => Promise.reject(new Error("read by the calling thread")) };
  assert.equal(await pool.prepare({ ...whole, ...elsewhere }, options), await none.prepare(whole, options));
  const refused = (from: DecodePool, item: ImageItem) => from.prepare(item, options).catch((error) => error);
  const [got, want] = [await refused(pool, { ...cut, ...elsewhere }), await refused(none, cut)];
  assert.instance(got, ImageError);
  assert.equal([got.code, got.message, got.problem], [want.code, want.message, want.problem]);
  const small = { ...memoryImage("part 3", bytes, { maxPixels: 100 }), ...elsewhere };
  assert.is((await refused(pool, small)).code, "too-large");
});

test("a heat map is drawn in a thread, with the bytes and the words of the calling one", async () => {
  await using pool = new DecodePool(1);
  await using none = new DecodePool(0);
  const bytes = readFileSync(paths[5]);
  const [whole, cut] = [memoryImage("part 1", bytes), memoryImage("part 2", bytes.subarray(0, 300))];
  const elsewhere = { load: () => Promise.reject(new Error("read by the calling thread")) };
  const map = { rows: 2, columns: 2, values: Float32Array.of(0, 0.1, 0.2, 0.3) };
  const box = { x: 10, y: 0, width: 80, height: 100 };
  const drawing = { map, box, scale: { low: 0, high: 0.3 }, maxSide: 50, legend: true };
  const drawn = await pool.drawHeatmap({ ...whole, ...elsewhere }, drawing);
  assert.is(Buffer.compare(drawn, await none.drawHeatmap(whole, drawing)), 0);
  const { width, height } = await decodeImage(drawn);
  assert.ok(height === 50 && width > 50, `${width} x ${height}: half its size, and a legend`);
  const refused = (from: DecodePool, item: ImageItem) =>
    from.drawHeatmap(item, drawing).catch((error) => error);
  const [got, want] = [await refused(pool, { ...cut, ...elsewhere }), await refused(none, cut)];
  assert.instance(got, ImageError);
  assert.equal([got.code, got.message], [want.code, want.message]);
});

test("an image whose shape the fit refuses is named", async () => {
  const strip = join(folder, "strip.png");
  writeFileSync(strip, encodePng({ width: 4000, height: 1, data: new Uint8Array(4000) }));
  await using pool = new DecodePool(0);
  const error = await pool
    .prepare(fileImage(strip), { pixels: { size: 32 }, fit: "tile" })
    .catch((reason) => reason);
  assert.is(error.code, "tiles");
  assert.ok(error.message.startsWith(`${strip}: `), error.message);
});

test("a software adapter leaves no core for threads", () => {
  assert.is(decodeThreads(true, 16), 0);
  assert.equal(
    [1, 2, 4, 64].map((cores) => decodeThreads(false, cores)),
    [0, 1, 3, 8],
  );
});

test.run();
