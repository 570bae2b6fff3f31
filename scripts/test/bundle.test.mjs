import { builtinModules } from "node:module";
import path from "node:path";
import { build } from "esbuild";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ROOT } from "../workspace.mjs";

// What a page imports must hold nothing of Node: a bundler for browsers finds none of its modules.

/** Modules that ask for Node's only where they find themselves in Node. */
const GUARDED = ["codec-libjpeg-turbo-8bit/dist/libjpegturbowasm_decode.js"];

/** Modules of Node that a bundle for browsers still holds, each with the file that asks for it. */
async function nodeImports(contents, conditions = ["@inctrl/source"]) {
  const { metafile, outputFiles } = await build({
    stdin: { contents, resolveDir: path.join(ROOT, "packages/cli") },
    ...{ bundle: true, splitting: true, format: "esm", platform: "browser", target: "es2022", conditions },
    ...{ write: false, metafile: true, outdir: "out", logLevel: "silent" },
    external: ["node:*", ...builtinModules],
  });
  return Object.values(metafile.outputs).flatMap(({ imports, inputs }, i) => {
    const files = Object.keys(inputs);
    if (files.some((file) => GUARDED.some((end) => file.endsWith(end)))) return [];
    const asked = imports
      .filter(({ external }) => external)
      .map((each) => `${each.path} in ${files.join(" ")}`);
    // Not all of Node is imported.
    return [...asked, ...(outputFiles[i].text.match(/.*\bBuffer\.from\(.*/g) ?? [])];
  });
}

for (const entry of ["datasets/web", "clip/web", "detect/web", "inctrl/web"])
  test(`@inctrl/${entry} holds nothing of Node`, async () => {
    assert.equal(await nodeImports(`import * as all from "@inctrl/${entry}"; console.log(all);`), []);
  });

test("a module of Node is found where there is one", async () => {
  const found = await nodeImports('import { takeLock } from "@inctrl/tensor/files"; console.log(takeLock);');
  assert.ok(
    found.some((line) => line.startsWith("node:fs/promises")),
    found.join(),
  );
});

test("a browser gets the entry point for pages by the package's own name", async () => {
  assert.equal(await nodeImports('import { fitImages } from "@inctrl/detect"; console.log(fitImages);'), []);
  const missing = nodeImports('import { openBackbone } from "@inctrl/detect"; console.log(openBackbone);');
  const error = await missing.then(
    () => null,
    ({ errors }) => errors[0].text,
  );
  assert.match(error, /No matching export .* for import "openBackbone"/);
});

test.run();
