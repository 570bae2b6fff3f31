import path from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { cli, failsWith, temporaryFolder, warnings } from "../support/cli.js";
import { writeImages } from "../support/model.js";

// Runs without a download, which name no backbone.
const { folder, remove } = temporaryFolder();
const env = { INCTRL_CACHE: path.join(folder, "cache") };
const good = path.join(folder, "good");
const [prompt] = writeImages(good, 2);
test.after(remove);

const score = async (...args: string[]) => {
  const run = await cli(["score", "--prompts", prompt, "--images", good, "--format", "json", ...args], {
    env,
  });
  assert.is(run.code, 0, run.stderr);
  return { document: JSON.parse(run.stdout), run };
};

test("without a backbone nano scores by the patch residual", async () => {
  const { document, run } = await score();
  assert.equal([document.backbone, document.heads, document.grid, document.scored], ["nano", null, 20, 2]);
  for (const { score, residual, text, phi } of document.results) {
    assert.is(score, residual);
    assert.equal([text, phi], [null, null]);
  }
  assert.equal(
    warnings(run).filter((line) => !line.includes("also a prompt")),
    [],
  );
});

test("with the product's name nano uses its heads and text, and --no-heads leaves the heads out", async () => {
  const { document } = await score("--class", "metal plate");
  const { alpha } = document;
  assert.is(alpha, 6, "as its heads say");
  assert.match(document.heads, /models[/\\]nano[/\\]heads\.safetensors$/);
  for (const { score, residual, text, phi } of document.results) {
    assert.ok(text > 0 && text < 1 && phi > 0 && phi < 1, `${text}, ${phi}`);
    assert.ok(Math.abs(score - (phi + alpha * residual) / (1 + alpha)) < 1e-6);
  }
  const { document: plain } = await score("--class", "metal plate", "--no-heads");
  assert.is(plain.heads, null);
  for (const { score, residual, text } of plain.results) {
    assert.is(score, residual);
    assert.ok(text > 0 && text < 1);
  }
});

test("a class name too long for the text tower is refused in score and said once in eval; one without words is refused", async () => {
  const name = "metal plate of which so much is said that no room is left for its flaws and defects";
  const asked = ["score", "--prompts", prompt, "--images", good, "--class"];
  failsWith(
    await cli([...asked, name], { env }),
    /"metal plate .* is too long for the text tower/,
    "--class",
  );
  failsWith(await cli([...asked, " _ "], { env }), /has no words; name the product/);
  const data = ["--data", "procedural:5?size=64&train=1&good=1&bad=1", "--category", "metal"];
  const run = await cli(["eval", ...data, "--shots", "1", "--seeds", "1", "--class", name], { env });
  assert.is(run.code, 0, run.stderr);
  assert.is(warnings(run).filter((line) => line.includes("is too long for the text tower")).length, 1);
});

test("the list of models begins with nano", async () => {
  const { stdout } = await cli(["models"], { env });
  assert.match(
    stdout,
    /^nano comes with this program \(1\.3 M parameters, images of 160 pixels, knows text\)/,
  );
  const { shipped } = JSON.parse((await cli(["models", "--json"], { env })).stdout);
  assert.equal([shipped.name, shipped.image, shipped.text], ["nano", 160, true]);
});

test.run();
