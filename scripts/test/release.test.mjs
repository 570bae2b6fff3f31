import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { problemsOfPackage, publishOrder } from "../release/manifests.mjs";
import { publishedNames, ROOT, readJson } from "../workspace.mjs";

const root = readJson("package.json");
const MANIFEST = {
  ...{ name: "@inctrl/x", version: root.version, license: root.license, engines: root.engines },
  ...{ description: "A package for a test.", dependencies: { pngjs: "7.0.0" }, bin: { x: "bin/x.js" } },
  exports: { ".": { types: "./dist/index.d.ts", default: "./dist/index.js" } },
};
const FILES = ["README.md", "LICENSE", "dist/index.d.ts", "dist/index.js", "src/index.ts", "bin/x.js"];

/** The problems of a package of these files with this manifest. */
function problems(manifest, files = FILES) {
  const folder = mkdtempSync(path.join(tmpdir(), "inctrl-release-"));
  for (const file of files) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), "");
  }
  writeFileSync(path.join(folder, "package.json"), JSON.stringify({ ...MANIFEST, ...manifest }));
  const found = problemsOfPackage(folder, root);
  rmSync(folder, { recursive: true });
  return found;
}

test("a whole package has no problem", () => assert.equal(problems({}), []));

for (const [what, manifest, files, message] of [
  ["another version", { version: "9.9.9" }, FILES, /is version 9\.9\.9/],
  ["other engines", { engines: { node: ">=1" } }, FILES, /asks for Node >=1/],
  ["a workspace range", { dependencies: { "@inctrl/tensor": "workspace:*" } }, FILES, /no exact version/],
  ["no README", {}, FILES.filter((file) => file !== "README.md"), /lacks README\.md/],
  ["a missing export", {}, FILES.filter((file) => file !== "dist/index.js"), /points to \.\/dist\/index\.js/],
  ["tests inside", {}, [...FILES, "test/x.test.ts"], /holds test/],
])
  test(`a package with ${what} is refused`, () => {
    const found = problems(manifest, files);
    assert.is(found.length, 1, found.join("\n"));
    assert.match(found[0], message);
  });

test("a package is published after all that it depends on", () => {
  const names = publishOrder(publishedNames.map((name) => path.join(ROOT, "packages", name))).map(
    ({ name }) => name,
  );
  for (const [before, after] of [
    ["tensor", "clip"],
    ["clip", "detect"],
    ["detect", "inctrl"],
    ["inctrl", "cli"],
  ])
    assert.ok(names.indexOf(`@inctrl/${before}`) < names.indexOf(`@inctrl/${after}`), names.join(", "));
});

test("all manifests of the workspace agree on version, licence and Node", () => {
  for (const name of publishedNames) {
    const { version, license, engines } = readJson(`packages/${name}/package.json`);
    assert.equal(
      { version, license, engines },
      { version: root.version, license: root.license, engines: root.engines },
      name,
    );
  }
});

test.run();
