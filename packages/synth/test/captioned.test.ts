import { createHash } from "node:crypto";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { BAD, GOOD, TEMPLATES } from "../src/captions/words.js";
import { FAMILIES } from "../src/families.js";
import { captionsOf, classNamesOf, drawCaptioned, proceduralClasses } from "../src/index.js";
import { drawClass } from "../src/sample/class.js";
import { drawSample } from "../src/sample/sample.js";
import { drawView } from "../src/sample/view.js";
import { rejects } from "./support/rejects.js";

/** The start of the sha256 of some images and of their words: the same on every machine. */
const HASHES: Readonly<Record<string, string>> = {
  "train 64": "abb8a3039ed43b8e",
  "train 96": "2a9f83482cf923bd",
  "held-out 64": "667b7d7cf9650f6d",
};

test("images and words are the same on every machine", () => {
  for (const [name, want] of Object.entries(HASHES)) {
    const [split, size] = name.split(" ") as ["train" | "held-out", string];
    const sum = createHash("sha256");
    for (let index = 0; index < 24; index++) {
      const { image, mask, caption, classId } = drawCaptioned({ seed: 5, index, size: Number(size), split });
      assert.equal(
        [image.mode, image.width, image.data.length, mask.length],
        ["RGB", +size, 3 * (+size) ** 2, (+size) ** 2],
      );
      sum.update(image.data).update(mask).update(caption).update(classId);
    }
    assert.is(sum.digest("hex").slice(0, 16), want, name);
  }
});

test("an image does not depend on what was drawn before", () => {
  const options = { seed: 2, index: 31, size: 40 };
  const first = drawCaptioned(options);
  drawCaptioned({ seed: 3, index: 8, size: 64 });
  drawCaptioned({ seed: 3, index: 9, size: 40 });
  assert.equal(drawCaptioned(options), first);
});

test("images come in groups of a class, good and with a defect by turns", () => {
  const classes = new Set<string>();
  for (let pair = 0; pair < 60; pair++) {
    // Of each group one of its two pairs.
    const index = 4 * pair + 2 * (pair % 2);
    const good = drawCaptioned({ seed: 1, index, size: 32 });
    const bad = drawCaptioned({ seed: 1, index: index + 1, size: 32 });
    if (pair % 2) assert.is(good.classId, drawCaptioned({ seed: 1, index: index - 2, size: 32 }).classId);
    assert.equal([good.state, good.defect, bad.state], ["good", null, "bad"]);
    assert.ok(bad.defect, "a kind of defect");
    assert.equal([good.classId, good.className], [bad.classId, bad.className]);
    assert.is(good.mask.includes(255), false);
    assert.is(bad.mask.includes(255), true, `${bad.defect} on ${bad.classId} shows`);
    classes.add(good.classId);
  }
  assert.ok(classes.size > 55, `${classes.size} classes in 60 pairs`);
});

test("each defect of each family is drawn at odd sizes, and changes nothing outside its mask", () => {
  let faint = 0;
  let drawn = 0;
  for (const [f, family] of FAMILIES.entries()) {
    const size = [37, 50, 29][f % 3];
    const of = drawClass({ family, variant: 1, seed: 11 });
    const view = drawView(of, f);
    const good = drawSample(of, view, f, null, size);
    for (const defect of family.defects) {
      const bad = drawSample(of, view, f, defect, size);
      const [outside, strong, marked] = compare(good.rgb, bad.rgb, bad.mask);
      const what = `${defect} on ${family.name}`;
      assert.is(outside, 0, `${what} changes ${outside} pixels outside its mask`);
      assert.ok(marked > 0 && marked < 0.75 * size * size, `${what} marks ${marked} pixels`);
      if (strong < 3) faint++;
      drawn++;
    }
  }
  assert.ok(drawn > 350 && faint < 0.06 * drawn, `${faint} of ${drawn} defects are hardly to be seen`);
});

/** Pixels that differ outside the mask, pixels that differ much, pixels marked. */
function compare(good: Uint8Array, bad: Uint8Array, mask: Uint8Array): [number, number, number] {
  let [outside, strong, marked] = [0, 0, 0];
  for (let p = 0; p < mask.length; p++) {
    let change = 0;
    for (let c = p * 3; c < p * 3 + 3; c++) change = Math.max(change, Math.abs(good[c] - bad[c]));
    if (mask[p]) marked++;
    else if (change > 0) outside++;
    if (change > 15) strong++;
  }
  return [outside, strong, marked];
}

test("the layout does not depend on the size", () => {
  const tones = (size: number) => {
    const { data } = drawCaptioned({ seed: 4, index: 10, size }).image;
    return Array.from({ length: 16 }, (_, i) => {
      const [x0, y0, n] = [((i % 4) * size) / 4, (Math.floor(i / 4) * size) / 4, size / 4];
      let sum = 0;
      for (let y = y0; y < y0 + n; y++) for (let x = x0; x < x0 + n; x++) sum += data[(y * size + x) * 3 + 1];
      return sum / (n * n);
    });
  };
  const [small, large] = [tones(48), tones(192)];
  for (const [i, tone] of small.entries()) {
    assert.ok(Math.abs(tone - large[i]) < 12, `part ${i}: ${tone} and ${large[i]}`);
  }
});

test("captionsOf gives the captions of the images, and few repeat", () => {
  const captions = captionsOf(6, 40);
  for (const index of [0, 7, 38, 39]) {
    assert.is(captions[index], drawCaptioned({ seed: 6, index, size: 16 }).caption);
  }
  assert.ok(new Set(captionsOf(1, 2000)).size > 1700);
});

test("classNamesOf gives the classes of the images", () => {
  for (const split of ["train", "held-out"] as const) {
    const images = Array.from({ length: 12 }, (_, index) =>
      drawCaptioned({ seed: 6, index, size: 16, split }),
    );
    assert.equal(
      classNamesOf(6, 12, split),
      images.map(({ className }) => className),
    );
  }
});

test("captions use every state and template of the paper", () => {
  const captions = captionsOf(3, 6000);
  const good = captions.filter((_, i) => i % 2 === 0);
  const bad = captions.filter((_, i) => i % 2 === 1);
  for (const [, template] of TEMPLATES) {
    for (const article of ["a", "the"]) {
      const frame = template.replace("*", article);
      for (const [side, states] of [
        [good, GOOD.paper],
        [bad, BAD.paper],
      ] as const) {
        const found = states.some((state) => {
          const [before, after] = frame.replace("{}", state).split("{}") as [string, string];
          return side.some((caption) => caption.startsWith(before) && caption.endsWith(after));
        });
        assert.ok(found, `"${frame}" for ${side === good ? "good" : "damaged"} things`);
      }
    }
  }
  for (const state of [...GOOD.paper, ...BAD.paper].filter((text) => text !== "{}")) {
    const side = GOOD.paper.includes(state) ? good : bad;
    const part = state.replace("{}", "").trim();
    assert.ok(side.filter((caption) => caption.includes(part)).length > 50, state);
  }
  assert.not.ok(captions.some((caption) => /[{}*]|\bD\b|\bA\b|undefined|\s\s/.test(caption)));
});

test("captions for training never name a class that is evaluated", () => {
  const heldOut = FAMILIES.filter((family) => family.heldOut);
  assert.ok(heldOut.filter(({ kind }) => kind === "texture").length >= 4);
  assert.ok(heldOut.filter(({ kind }) => kind === "object").length >= 4);
  const published = [
    "brain",
    "head",
    "solar cell",
    "electrical commutator",
    "airplane",
    "automobile",
    "bird",
    "cat",
  ];
  const nouns = [...heldOut.flatMap(({ nouns }) => nouns), ...Object.keys(proceduralClasses), ...published];
  const named = new RegExp(`\\b(${nouns.join("|")})s?\\b`);
  for (const caption of captionsOf(8, 4000)) assert.not.match(caption, named);
  const other = captionsOf(8, 400, "held-out");
  assert.ok(other.filter((caption) => named.test(caption)).length > 390);
});

test("numbers out of range are refused", async () => {
  await rejects(() => drawCaptioned({ seed: 1, index: -1, size: 64 }), "bad-argument", /index -1/);
  await rejects(() => drawCaptioned({ seed: 1, index: 0, size: 8 }), "bad-argument", /size 8/);
  await rejects(() => drawCaptioned({ seed: 0.5, index: 0, size: 64 }), "bad-argument", /seed 0.5/);
  await rejects(() => drawCaptioned({ seed: 1, index: 0, size: 64, group: 0 }), "bad-argument", /group 0/);
  await rejects(() => captionsOf(1, -1), "bad-argument", /-1/);
});

test.run();
