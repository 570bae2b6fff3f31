import { test } from "uvu";
import * as assert from "uvu/assert";
import { lineState, mergeGood } from "../../app/engine/judging.js";

const image = (name: string, sha256: string | null, score = 0.1) => ({
  ...{ name, sha256, part: name, score, peak: score },
});

test("good images count once, and prompts do not count", () => {
  const prompt = { name: "prompt.png", sha256: "p", views: 1 };
  const more = [
    image("copy.png", "a"),
    image("new.png", "b"),
    image("again.png", "b"),
    image("shot.png", "p"),
  ];
  const { images, left } = mergeGood([image("there.png", "a")], more, [prompt]);
  assert.equal(
    images.map(({ name }) => name),
    ["there.png", "new.png"],
  );
  assert.equal(left, ["copy.png", "again.png", "shot.png"]);
});

test("images whose bytes are not known all count", () => {
  const { images } = mergeGood([], [image("1", null), image("2", null)], []);
  assert.is(images.length, 2);
});

test("a line is shown with what it promises", () => {
  const images = Array.from({ length: 99 }, (_, i) => image(String(i), String(i), i / 100));
  const calibration = { version: 1 as const, alpha: 0.01, review: 0.05, images, settings: {} };
  const { status, n, threshold, sentences } = lineState(calibration);
  assert.equal([status, n, threshold], ["calibrated", 99, 0.98]);
  assert.match(sentences[0], /Of 1000 good parts like these 99, about 10 will be flagged; .* fewer than 30/);
});

test.run();
