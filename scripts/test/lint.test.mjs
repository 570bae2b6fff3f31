import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
let folder = "";

test.before.each(() => {
  folder = mkdtempSync(path.join(tmpdir(), "inctrl-lint-"));
  cpSync(path.join(ROOT, "biome.json"), path.join(folder, "biome.json"));
});
test.after.each(() => rmSync(folder, { recursive: true, force: true }));

/** The rules that fire on a small repository of these files. */
function fired(files) {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.join(folder, path.dirname(name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  const biome = path.join(ROOT, "node_modules/@biomejs/biome/bin/biome");
  const options = ["--vcs-enabled=false", "--reporter=json", "--error-on-warnings"];
  const { stdout, stderr } = spawnSync(process.execPath, [biome, "lint", ...options, "packages"], {
    cwd: folder,
    encoding: "utf8",
  });
  assert.ok(stdout, stderr);
  const found = JSON.parse(stdout).diagnostics.map(({ category }) => category);
  return [...new Set(found)];
}

const CYCLE = ["lint/suspicious/noImportCycles"];
const RESTRICTED = ["lint/style/noRestrictedImports"];

test("a circle of imports across files is an error", () => {
  const circle = {
    "packages/tensor/src/a.ts": 'import { b } from "./b.js";\n\nexport const a = () => b;\n',
    "packages/tensor/src/b.ts": 'import { c } from "./deep/c.js";\n\nexport const b = () => c;\n',
    "packages/tensor/src/deep/c.ts": 'import { a } from "../a.js";\n\nexport const c = () => a;\n',
  };
  assert.equal(fired(circle), CYCLE);
});

const one = (name, specifier) => fired({ [name]: `export { x } from "${specifier}";\n` });

for (const [from, to] of [
  ["tensor/src", "clip"],
  ["tensor/test", "datasets"],
  ["datasets/src", "tensor"],
  ["clip/src", "inctrl"],
  ["clip/src/deep/er", "datasets"],
  ["clip/test", "cli"],
  ["inctrl/src", "cli"],
])
  test(`${from} may not import ${to}`, () => {
    assert.equal(one(`packages/${from}/a.ts`, `@inctrl/${to}`), RESTRICTED);
  });

for (const [from, to] of [
  ["clip/src", "tensor"],
  ["clip/test", "datasets"],
  ["inctrl/src", "datasets"],
  ["cli/src", "inctrl"],
  ["cli/src", "datasets"],
])
  test(`${from} may import ${to}`, () => {
    assert.equal(one(`packages/${from}/a.ts`, `@inctrl/${to}`), []);
  });

for (const [from, specifier, expected] of [
  ["cli/src", "../../tensor/src/index.js", RESTRICTED],
  ["inctrl/test/deep", "../../../clip/test/helper.js", RESTRICTED],
  ["inctrl/test/deep", "../../src/index.js", []],
])
  test(`${from} imports ${specifier}: ${expected.length ? "refused" : "fine"}`, () => {
    assert.equal(one(`packages/${from}/a.ts`, specifier), expected);
  });

test.run();
