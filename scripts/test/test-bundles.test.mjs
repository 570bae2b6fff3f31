import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { bundle } from "../typescript/bundle.mjs";
import { ROOT, TYPESCRIPT } from "../workspace.mjs";

mkdirSync(path.join(ROOT, ".cache"), { recursive: true });
const folder = mkdtempSync(path.join(ROOT, ".cache/test-bundles-"));
test.after(() => rmSync(folder, { recursive: true, force: true }));

const at = (name) => path.join(folder, name);
const write = (name, text) => writeFileSync(at(name), text);
const relative = (name) => path.relative(ROOT, at(name));

test("a bundle stands in place of its program, keeps the addresses of files, and finds libraries", async () => {
  write("part.ts", "export const part: string = import.meta.url;\n");
  write(
    "program.ts",
    `import { z } from "zod";
    import { part } from "./part.js";
    const name: string = "webgpu";
    const { create } = await import(name);
    console.log(JSON.stringify([import.meta.url, part, z.string().parse("text"), typeof create]));\n`,
  );
  await bundle({ programs: [relative("program.ts")], tests: [], folder });
  // What is imported from here on is the bundle's copy.
  write("part.ts", "export const part = 'of the file';\n");
  const run = (bundles) =>
    JSON.parse(
      execFileSync(process.execPath, [...TYPESCRIPT, at("program.ts")], {
        cwd: ROOT,
        encoding: "utf8",
        env: { ...process.env, INCTRL_BUNDLES: bundles },
      }),
    );
  const [program, part] = ["program.ts", "part.ts"].map((name) => pathToFileURL(at(name)).href);
  assert.equal(run(folder), [program, part, "text", "function"]);
});

test("a test file that does not compile is named", async () => {
  write("broken.test.ts", 'import { absent } from "./absent.js";\nabsent();\n');
  try {
    await bundle({ programs: [], tests: [relative("broken.test.ts")], folder });
    assert.unreachable();
  } catch (error) {
    assert.match(error.message, /broken\.test\.ts:1[\s\S]*absent/);
  }
});

test.run();
