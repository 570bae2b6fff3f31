import { createHash } from "node:crypto";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type DefectKind, drawProduct, type ProceduralClass, proceduralClasses } from "../../src/index.js";
import { rejects } from "../support/rejects.js";

const classes = Object.entries(proceduralClasses) as [ProceduralClass, readonly DefectKind[]][];

/** The start of the sha256 of sample 1 of each class at 64 pixels: the same on every machine. */
const HASHES: Readonly<Record<ProceduralClass, string>> = {
  concrete: "747360f930bd20c9",
  fabric: "c3fb55117cdadc3a",
  leather: "9ecf5a7f32eb3337",
  mesh: "df28a32d9ab82e90",
  metal: "a375309e62431f65",
  nut: "f506a5e5b2dfb769",
  wood: "af58b92745836e38",
};

test("each class has the same bytes on every machine", () => {
  for (const [name] of classes) {
    const { image } = drawProduct({ class: name, index: 1, size: 64 });
    assert.equal([image.mode, image.width, image.height, image.data.length], ["RGB", 64, 64, 64 * 64 * 3]);
    assert.is(createHash("sha256").update(image.data).digest("hex").slice(0, 16), HASHES[name], name);
  }
});

test("a defect shows inside its mask, and nothing changes outside it", () => {
  for (const [name, kinds] of classes) {
    for (const [index, defect] of kinds.entries()) {
      const good = drawProduct({ class: name, index, size: 120 });
      const bad = drawProduct({ class: name, index, defect, size: 120 });
      assert.is(bad.defect, defect);
      assert.ok(
        good.mask.every((m) => m === 0),
        "a good sample has an empty mask",
      );
      let outside = 0;
      let strong = 0;
      let marked = 0;
      for (let p = 0; p < bad.mask.length; p++) {
        let change = 0;
        for (let c = 0; c < 3; c++)
          change += Math.abs(good.image.data[p * 3 + c] - bad.image.data[p * 3 + c]);
        if (bad.mask[p] === 0 && change > 0) outside++;
        if (change > 30) strong++;
        if (bad.mask[p] === 255) marked++;
      }
      const what = `${defect} on ${name}`;
      assert.is(outside, 0, `${what} changes ${outside} pixels outside its mask`);
      assert.ok(strong >= 8, `${what} is not to be seen: ${strong} pixels change`);
      assert.ok(marked >= strong && marked < bad.mask.length / 2, `${what} marks ${marked} pixels`);
    }
  }
});

test("samples, seeds and classes give different images, equal arguments equal ones", () => {
  const draw = (options: Parameters<typeof drawProduct>[0]) =>
    Buffer.from(drawProduct({ size: 32, ...options }).image.data).toString("hex");
  const drawn = [
    draw({ class: "leather" }),
    draw({ class: "leather", index: 1 }),
    draw({ class: "leather", seed: 1 }),
    draw({ class: "wood" }),
  ];
  assert.is(new Set(drawn).size, 4);
  assert.is(draw({ class: "leather", defect: null }), drawn[0]);
});

test("the layout does not depend on the size", () => {
  const { mask: small } = drawProduct({ class: "metal", index: 2, defect: "dent", size: 60 });
  const { mask: large } = drawProduct({ class: "metal", index: 2, defect: "dent", size: 240 });
  const centre = (mask: Uint8Array, size: number) => {
    let [x, y, n] = [0, 0, 0];
    mask.forEach((m, p) => {
      if (m) [x, y, n] = [x + (p % size), y + Math.floor(p / size), n + 1];
    });
    return [x / n / size, y / n / size];
  };
  const [a, b] = [centre(small, 60), centre(large, 240)];
  assert.ok(Math.abs(a[0] - b[0]) < 0.02 && Math.abs(a[1] - b[1]) < 0.02, `${a} and ${b}`);
});

test("pictures are neither flat nor clipped", () => {
  for (const [name] of classes) {
    const { data } = drawProduct({ class: name, index: 3 }).image;
    let [sum, squares, clipped] = [0, 0, 0];
    for (const v of data) {
      sum += v;
      squares += v * v;
      if (v === 255) clipped++;
    }
    const mean = sum / data.length;
    const deviation = Math.sqrt(squares / data.length - mean * mean);
    assert.ok(mean > 40 && mean < 200 && deviation > 8, `${name}: mean ${mean}, deviation ${deviation}`);
    assert.ok(clipped < data.length * 0.01, `${name}: ${clipped} values are clipped`);
  }
});

test("unknown classes and defects are refused with a list of the known ones", async () => {
  const draw = (options: object) => () => drawProduct(options as Parameters<typeof drawProduct>[0]);
  await rejects(draw({ class: "cheese" }), "bad-argument", /"cheese"; choose one of .*leather/);
  await rejects(draw({ class: "toString" }), "bad-argument", /toString/);
  await rejects(
    draw({ class: "wood", defect: "pull" }),
    "bad-argument",
    /"pull" for wood; choose one of scratch/,
  );
  await rejects(draw({ class: "wood", size: 8 }), "bad-argument", /size 8/);
  await rejects(draw({ class: "wood", size: 1e6 }), "bad-argument", /size/);
  await rejects(draw({ class: "wood", index: -1 }), "bad-argument", /index -1/);
  await rejects(draw({ class: "wood", seed: 0.5 }), "bad-argument", /seed 0.5/);
});

test.run();
