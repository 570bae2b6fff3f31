import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { test } from "uvu";
import * as assert from "uvu/assert";

// Used alone: the packed tarball, unpacked into an empty project outside the workspace, multiplies matrices there.

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const PACKAGE = path.join(ROOT, "packages/tensor");
const MANIFEST = JSON.parse(readFileSync(path.join(PACKAGE, "package.json"), "utf8"));

const SCRIPT = `
import { matmul, openDevice, tensor } from "@inctrl/tensor";
import "@inctrl/tensor/methods";

const device = await openDevice();
const a = tensor(device, [[1, 2], [3, 4]]);
const b = tensor(device, [[5, 6], [7, 8]]);
const c = matmul(a, b);
console.log(JSON.stringify(await c.add(0).toArray()));
device.close();
`;

let project = "";

const node = (cwd: string, ...args: string[]): string =>
  execFileSync(process.execPath, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });

const pnpm = (cwd: string, ...args: string[]): string =>
  node(cwd, path.join(ROOT, ".tools/node_modules/pnpm/bin/pnpm.cjs"), ...args);

test.before(() => {
  project = mkdtempSync(path.join(tmpdir(), "inctrl-package-"));
  node(ROOT, "scripts/setup.mjs", "build");
  pnpm(PACKAGE, "pack", "--pack-destination", project);
  install(path.join(project, `inctrl-tensor-${MANIFEST.version}.tgz`));
});

test.after(() => rmSync(project, { recursive: true, force: true }));

/**
 * Installs the tarball with the package manager but without the network: its dependencies are those of the workspace.
 * pnpm lets a package see no other than the ones it declares.
 */
function install(tarball: string): void {
  const overrides = Object.fromEntries(
    Object.keys(MANIFEST.dependencies).map((name) => [
      name,
      `link:${path.join(PACKAGE, "node_modules", name)}`,
    ]),
  );
  const dependencies = { [MANIFEST.name]: `file:${tarball}`, "@webgpu/types": "*" };
  const manifest = { private: true, type: "module", dependencies, pnpm: { overrides } };
  writeFileSync(path.join(project, "package.json"), JSON.stringify(manifest));
  pnpm(project, "install", "--offline", "--ignore-scripts", "--ignore-workspace");
}

const installed = (...parts: string[]): string => path.join(project, "node_modules", MANIFEST.name, ...parts);

test("multiplies matrices in an empty project", () => {
  writeFileSync(path.join(project, "product.js"), SCRIPT);
  assert.equal(JSON.parse(node(project, "product.js")), [
    [19, 22],
    [43, 50],
  ]);
});

test("its types hold for a strict user", () => {
  writeFileSync(
    path.join(project, "product.ts"),
    `${SCRIPT}export const shape: readonly number[] = c.shape;\n`,
  );
  const tsc = path.join(ROOT, "node_modules/typescript/bin/tsc");
  // The compiler's own DOM types know WebGPU.
  const strict = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2022"];
  assert.is(node(project, tsc, ...strict, "--lib", "es2023,esnext.disposable,dom", "product.ts"), "");
});

test("holds the build with its maps, a licence and a README, and no tests", () => {
  for (const file of [
    "LICENSE",
    "README.md",
    "dist/index.js",
    "dist/index.d.ts",
    "dist/index.js.map",
    "src/index.ts",
  ])
    assert.ok(existsSync(installed(file)), `${file} is missing`);
  for (const file of ["test", "dist/test", "tsconfig.build.json", "node_modules"])
    assert.not.ok(existsSync(installed(file)), `${file} is in the package`);
});

/** The minified bundle of a browser script that uses the installed package. */
async function bundled(script: string): Promise<string> {
  const stdin = { contents: script, resolveDir: project };
  const browser = { bundle: true, minify: true, format: "esm", platform: "browser", write: false } as const;
  const { outputFiles } = await build({ ...browser, stdin, external: ["node:*"] });
  return outputFiles[0].text;
}

test("a bundle holds the ops that it uses; the methods bring the others only where they are imported", async () => {
  const used =
    'import { add, openDevice, tensor } from "@inctrl/tensor"; console.log(add, openDevice, tensor);';
  const few = await bundled(used);
  const all = await bundled(`${used} import "@inctrl/tensor/methods";`);
  for (const op of ["einsum", "grid sample", "im2col", "softmax"]) {
    assert.not.ok(few.includes(op), `${op} is in a bundle that does not use it`);
    assert.ok(all.includes(op), `${op} is missing where methods are imported`);
  }
  // 56 and 161 kB when this was written.
  assert.ok(few.length < 75_000, `add alone makes a bundle of ${few.length} bytes`);
  assert.ok(all.length > 2 * few.length);
});

test("depends on nothing of the workspace", () => {
  const { dependencies, license } = JSON.parse(readFileSync(installed("package.json"), "utf8"));
  assert.equal(
    Object.keys(dependencies).filter((name) => name.startsWith("@inctrl/")),
    [],
  );
  assert.is(license, "Apache-2.0");
});

test.run();
