// A stranger's test: the recipes of CONTRIBUTING, carried out in a copy of the workspace. Each adds one file (or folder) with its
// test, and a line or two to one list.
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { codeBlocks } from "../docs/markdown.mjs";
import { applyDiff, scratchWorkspace } from "../docs/scratch.mjs";
import { runGroup } from "../testing/run-group.mjs";
import { compile, configFrom } from "../typescript/check.mjs";
import { ROOT, read } from "../workspace.mjs";

const WANTED = [
  "An elementwise op",
  "An op with a kernel of its own",
  "Add a method",
  "Add a data set",
  "Add a command",
];
const LIMIT_MS = 240_000;
const isTest = (file) => file.includes("/test/");

/** The recipes, by heading: the files that each creates, and the changes to files that exist. */
function recipes() {
  return read("CONTRIBUTING.md")
    .split(/^(?=##+ )/m)
    .map((section) => {
      const blocks = codeBlocks(section).filter(({ file }) => file);
      return {
        title: section.match(/^##+ (.*)/)?.[1] ?? "",
        created: blocks.filter(({ language }) => language === "ts"),
        changed: blocks.filter(({ language }) => language === "diff"),
      };
    })
    .filter(({ created, changed }) => created.length + changed.length > 0);
}

let folder = "";
test.before(() => {
  folder = scratchWorkspace();
});
test.after(() => rmSync(folder, { recursive: true, force: true }));

test("each recipe adds one file or folder with its test, and changes one list", () => {
  const found = recipes();
  for (const title of WANTED)
    assert.ok(
      found.some((recipe) => recipe.title === title),
      `no recipe "${title}"`,
    );
  for (const { title, created, changed } of found) {
    const files = created.map(({ file }) => file);
    const sources = files.filter((file) => !isTest(file));
    assert.is(files.filter(isTest).length > 0, true, `${title} has no test`);
    for (const file of files) assert.not.ok(existsSync(path.join(ROOT, file)), `${file} exists already`);
    const areAlike = (part) => new Set(sources.map(part)).size === 1;
    // One folder, or one name: an op with a kernel has a file of its name in ops/ and one in kernels/.
    assert.ok(
      areAlike((file) => path.dirname(file)) || areAlike((file) => path.basename(file)),
      `${title} adds ${sources.join(", ")}`,
    );
    assert.is(new Set(changed.map(({ file }) => file)).size, 1, `${title} changes more than one list`);
  }
});

test("the recipes apply and compile", () => {
  for (const { created, changed } of recipes()) {
    for (const { file, text } of created) {
      mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
      writeFileSync(path.join(folder, file), text);
    }
    for (const { file, text } of changed) applyDiff(folder, file, text);
  }
  const files = recipes().flatMap(({ created, changed }) => [...created, ...changed].map(({ file }) => file));
  const unique = [...new Set(files)].map((file) => path.join(folder, file));
  const config = configFrom("./tsconfig.json", path.join(folder, "tsconfig.recipes.json"), {
    files: unique,
  });
  assert.is(compile(config), "");
});

test("the recipes' tests pass", async () => {
  const files = recipes().flatMap(({ created }) => created.map(({ file }) => file).filter(isTest));
  await runGroup(files, { cwd: folder, limitMs: LIMIT_MS }, (file, { passed, failed, output }) => {
    assert.is(failed, 0, `${file} fails:\n${output}`);
    assert.ok(passed > 0, file);
  });
});

test.run();
