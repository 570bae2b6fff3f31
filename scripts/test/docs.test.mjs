// The documentation against the sources: TypeScript blocks compile and run, links lead somewhere, options exist.
import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { buildProgram } from "@inctrl/cli";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { anchors, codeBlocks, expectedLines, links } from "../docs/markdown.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const read = (file) => readFileSync(path.join(ROOT, file), "utf8");
const run = promisify(execFile);

const packages = readdirSync(path.join(ROOT, "packages")).filter((name) =>
  existsSync(path.join(ROOT, "packages", name, "package.json")),
);
const READMES = ["README.md", ...packages.map((name) => `packages/${name}/README.md`)];
const TOP = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"];
const PAGES = [...TOP.filter((file) => existsSync(path.join(ROOT, file))), ...READMES.slice(1)];

// Inside the repository, where packages are found by their names as in a user's project; ignored by git.
let folder = "";
let snippets = [];

/** The TypeScript blocks of a page as files; a block may say which file of the repository it stands for. */
function extract(page) {
  const blocks = codeBlocks(read(page)).filter(({ language }) => language === "ts");
  const own = new Set(blocks.map(({ file }) => file));
  return blocks.map(({ text, line, runs, file }) => {
    const name = file ?? `${page.replace(/\W+/g, "-")}-${line}.ts`;
    const target = path.join(folder, name);
    // What a block imports is another block of the page, or a file of the repository.
    const elsewhere = (_, start, specifier) => {
      const wanted = path.posix.join(path.posix.dirname(name), specifier);
      if (own.has(wanted.replace(/js$/, "ts"))) return `${start}"${specifier}"`;
      return `${start}"${path.relative(path.dirname(target), path.join(ROOT, wanted)).replaceAll("\\", "/")}"`;
    };
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, text.replaceAll(/( from )"(\.[^"]+)"/g, elsewhere));
    return { page, line, text, target, runs };
  });
}

test.before(() => {
  mkdirSync(path.join(ROOT, ".cache"), { recursive: true });
  folder = mkdtempSync(path.join(ROOT, ".cache/docs-"));
  snippets = [...READMES, "CONTRIBUTING.md"].flatMap(extract);
});

test.after(() => rmSync(folder, { recursive: true, force: true }));

test("every package has a README with a block that runs", () => {
  for (const page of READMES)
    assert.ok(
      snippets.some((snippet) => snippet.page === page && snippet.runs),
      `${page} has no block marked "ts run"`,
    );
});

test("TypeScript blocks compile against the sources", async () => {
  const config = {
    extends: "../../tsconfig.json",
    compilerOptions: { noUnusedLocals: false },
    include: ["**/*.ts"],
  };
  const project = path.join(folder, "tsconfig.json");
  writeFileSync(project, JSON.stringify(config));
  const tsc = path.join(ROOT, "node_modules/typescript/bin/tsc");
  const { stdout } = await run(process.execPath, [tsc, "-p", project], { cwd: folder }).catch(
    (error) => error,
  );
  assert.is(stdout, "");
});

/** Runs blocks in one process, which has to end by itself. */
async function runBlocks(blocks) {
  const typescript = import.meta.resolve("../typescript/register.mjs");
  const runner = fileURLToPath(new URL("../docs/run-blocks.mjs", import.meta.url));
  const args = ["--conditions=@inctrl/source", "--import", typescript, runner];
  const files = blocks.map(({ target }) => target);
  const timeout = 90_000;
  const ended = await run(process.execPath, [...args, ...files], { timeout }).catch((error) => error);
  assert.is(ended.code ?? 0, 0, `${blocks.at(-1).page}: ends with ${ended.code}: ${ended.stderr}`);
  for (const [i, said] of ended.stdout.trimEnd().split("\n").entries()) {
    const { page, line, text } = blocks[i];
    const { output, error } = JSON.parse(said);
    assert.is(error, undefined, `${page}:${line} fails`);
    let rest = output.split("\n");
    for (const want of expectedLines(text)) {
      const at = rest.indexOf(want);
      assert.ok(at >= 0, `${page}:${line} does not print "${want}" but:\n${output}`);
      rest = rest.slice(at + 1);
    }
    seen.add(blocks[i]);
  }
}

const seen = new Set();

test("blocks marked to be run do, print what their comments say, and leave nothing open", async () => {
  const marked = snippets.filter(({ runs }) => runs);
  const isTest = ({ target }) => target.endsWith(".test.ts");
  // A test runner works through one file a process.
  for (const blocks of [
    marked.filter((block) => !isTest(block)),
    ...marked.filter(isTest).map((block) => [block]),
  ]) {
    await runBlocks(blocks);
  }
  assert.is(seen.size, marked.length);
});

test("links and pictures lead somewhere", () => {
  for (const page of PAGES) {
    for (const target of links(read(page))) {
      if (/^\w+:/.test(target)) continue;
      const [file, anchor] = target.split("#");
      const at = path.join(path.dirname(page), file || path.basename(page));
      assert.ok(existsSync(path.join(ROOT, at)), `${page}: ${target} leads nowhere`);
      if (anchor) assert.ok(anchors(read(at)).includes(anchor), `${page}: there is no heading for ${target}`);
    }
  }
  assert.ok(statSync(path.join(ROOT, "docs/heatmap.png")).size < 300_000);
});

test("commands and options in the README exist", async () => {
  const program = await buildProgram();
  const scripts = Object.keys(JSON.parse(read("package.json")).scripts);
  const shell = codeBlocks(read("README.md")).filter(({ language }) => language === "sh");
  const lines = shell.flatMap(({ text }) => text.replaceAll("\\\n", " ").split("\n"));
  const tables = [...read("README.md").matchAll(/^\| `--.*$/gm)].map(
    ([row]) => `inctrl score ${row.split("|")[1]}`,
  );
  let seen = 0;
  for (const line of [...lines, ...tables]) {
    const script = line.match(/^npm (?:run )?(\w+)/)?.[1];
    if (script) assert.ok(scripts.includes(script), `"${line}": package.json has no script ${script}`);
    const words = line.match(/^inctrl (.+)/)?.[1].split(" ");
    if (!words) continue;
    const verb = program.commands.find((each) => each.name() === words[0]);
    const command = verb?.commands.find((each) => each.name() === words[1]) ?? verb;
    assert.ok(command, `"${line}": there is no verb ${words[0]}`);
    const known = [...command.options.map(({ long }) => long), "--help"];
    for (const [, option] of line.matchAll(/(--[a-z-]+)/g)) {
      assert.ok(known.includes(option), `"${line}": no ${option}`);
      seen++;
    }
  }
  assert.ok(seen > 20, `only ${seen} options found: has the form of the README changed?`);
});

test("the JSON form is the one that is written", () => {
  const [{ text }] = codeBlocks(read("README.md")).filter(({ language }) => language === "json");
  const source = read("packages/cli/src/output/record.ts");
  const fields = (name) => {
    const body = source.match(new RegExp(`interface ${name} \\{([\\s\\S]*?)\\n\\}`))[1];
    return [...body.matchAll(/readonly (\w+):/g)].map(([, field]) => field);
  };
  const sorted = (names) => [...names].sort();
  const document = JSON.parse(text);
  const result = document.results[0];
  const outer = [...fields("RunHeader"), "results", ...fields("RunFooter")];
  assert.equal(sorted(Object.keys(document)), sorted(outer));
  assert.equal(sorted(Object.keys(result)), sorted(fields("ScoreRecord")));
  assert.equal(sorted(Object.keys(result.match)), sorted(fields("MatchRecord")));
});

test.run();
