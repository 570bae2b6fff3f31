import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { HOUSE, MAX_LINES, problemsOf, problemsOfRepository } from "../lint.mjs";
import { ROOT } from "../workspace.mjs";

/** The Biome rules that fire on a small repository of these files. */
function fired(files) {
  const folder = mkdtempSync(path.join(tmpdir(), "inctrl-lint-"));
  try {
    cpSync(path.join(ROOT, "biome.json"), path.join(folder, "biome.json"));
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
    return [...new Set(JSON.parse(stdout).diagnostics.map(({ category }) => category))];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("a circle of imports across files is an error", () => {
  const circle = {
    "packages/tensor/src/a.ts": 'import { b } from "./b.js";\n\nexport const a = () => b;\n',
    "packages/tensor/src/b.ts": 'import { c } from "./deep/c.js";\n\nexport const b = () => c;\n',
    "packages/tensor/src/deep/c.ts": 'import { a } from "../a.js";\n\nexport const c = () => a;\n',
  };
  assert.equal(fired(circle), ["lint/suspicious/noImportCycles"]);
});

test("a circle of type imports is allowed", () => {
  const circle = {
    "packages/tensor/src/a.ts": 'import type { B } from "./b.js";\n\nexport type A = B | 1;\n',
    "packages/tensor/src/b.ts": 'import type { A } from "./a.js";\n\nexport type B = A | 2;\n',
  };
  assert.equal(fired(circle), []);
});

const importOf = (folder, specifier) =>
  problemsOf(`packages/${folder}/a.ts`, `import { x } from "${specifier}";\n`);

for (const [from, to] of [
  ["tensor/src", "clip"],
  ["tensor/test", "datasets"],
  ["datasets/src", "synth"],
  ["synth/src", "tensor"],
  ["clip/src", "inctrl"],
  ["clip/src/deep/er", "datasets"],
  ["clip/test", "cli"],
  ["detect/src", "inctrl"],
  ["detect/test", "inctrl"],
  ["inctrl/src", "pretrain"],
  ["pretrain/src", "cli"],
  ["clip/src", "testing"],
  ["testing/src", "inctrl"],
])
  test(`${from} may not import ${to}`, () => {
    const message = `packages/${from}/a.ts:1: ${from.split("/")[0]} may not import ${to}`;
    assert.equal(importOf(from, `@inctrl/${to}`), [message]);
  });

for (const [from, to] of [
  ["synth/src", "datasets"],
  ["clip/src", "tensor"],
  ["datasets/src", "tensor"],
  ["clip/test", "datasets"],
  ["detect/src", "clip"],
  ["inctrl/src", "detect"],
  ["inctrl/src", "datasets"],
  ["pretrain/src", "synth"],
  ["cli/src", "inctrl"],
  ["cli/src", "datasets"],
  ["datasets/test", "testing"],
  ["testing/src", "detect"],
])
  test(`${from} may import ${to}`, () => {
    assert.equal(importOf(from, `@inctrl/${to}`), []);
  });

test("another package is imported by its name", () => {
  const message = (file, other) => [`${file}:1: import @inctrl/${other} by its name, not by its path`];
  assert.equal(importOf("cli/src", "../../tensor/src/index.js"), message("packages/cli/src/a.ts", "tensor"));
  assert.equal(
    importOf("inctrl/test/deep", "../../../clip/test/helper.js"),
    message("packages/inctrl/test/deep/a.ts", "clip"),
  );
  assert.equal(importOf("inctrl/test/deep", "../../src/index.js"), []);
});

test("dynamic imports and exports follow the same directions", () => {
  const file = "packages/tensor/src/a.ts";
  assert.is(problemsOf(file, 'const x = await import("@inctrl/clip");\n').length, 1);
  assert.is(problemsOf(file, 'export { x } from "@inctrl/clip";\n').length, 1);
});

test("a file of more lines than allowed is refused", () => {
  assert.equal(problemsOf("bench/src/a.ts", "\n".repeat(MAX_LINES)), []);
  assert.is(problemsOf("bench/src/a.ts", "\n".repeat(MAX_LINES + 1)).length, 1);
});

test("every package has its directions, and the repository keeps all rules", () => {
  for (const name of readdirSync(path.join(ROOT, "packages"))) assert.ok(name in HOUSE, name);
  assert.equal(problemsOfRepository(), []);
});

test.run();
