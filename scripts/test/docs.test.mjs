// The documents against the repository: links lead somewhere, commands and options exist, generated parts are up to date.
import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { commandsPage, loadCommands, withSubcommands } from "../docs/commands.mjs";
import { anchors, codeBlocks, links } from "../docs/markdown.mjs";
import { DOCS, NOTES, PAGES } from "../docs/pages.mjs";
import { ROOT, read } from "../workspace.mjs";

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

test("README and ARCHITECTURE stay short", () => {
  for (const page of ["README.md", "ARCHITECTURE.md"])
    assert.ok(Buffer.byteLength(read(page)) <= 8192, `${page} has ${Buffer.byteLength(read(page))} bytes`);
});

test("every note begins with its conclusion and is in the index", () => {
  const index = links(read("docs/notes/index.md"));
  for (const note of NOTES.filter((file) => !file.endsWith("/index.md"))) {
    assert.match(read(note), /^# .*\n\n\*\*Conclusion\.\*\* /, note);
    assert.match(path.basename(note), /^\d{4}-\d{2}-[a-z-]+\.md$/);
    assert.ok(index.includes(path.basename(note)), `${note} is not in docs/notes/index.md`);
  }
});

test("the page of commands is up to date", async () => {
  assert.is(read("docs/commands.md"), await commandsPage(), "run npm run docs:commands");
});

test("commands and options in the documents exist", async () => {
  const scripts = Object.keys(JSON.parse(read("package.json")).scripts);
  const verbs = new Map(
    (await loadCommands())
      .flatMap((command) => withSubcommands(command))
      .map(({ name, command }) => [name, command.options.map(({ long }) => long)]),
  );
  const pages = ["README.md", ...DOCS];
  const lines = pages.flatMap((page) =>
    codeBlocks(read(page))
      .filter(({ language }) => language === "sh")
      .flatMap(({ text }) => text.replaceAll("\\\n", " ").split("\n"))
      .map((line) => ({ page, line })),
  );
  let seen = 0;
  for (const { page, line } of lines) {
    const script = line.match(/^npm (?:run )?([\w:-]+)/)?.[1];
    if (script)
      assert.ok(scripts.includes(script), `${page}, "${line}": package.json has no script ${script}`);
    const words = line.match(/^inctrl( \w+)( \w+)?/);
    if (!words) continue;
    const own = [`inctrl${words[1]}${words[2] ?? ""}`, `inctrl${words[1]}`].find((name) => verbs.has(name));
    assert.ok(own, `${page}, "${line}": no such verb`);
    for (const [, option] of line.matchAll(/(--[a-z-]+)/g)) {
      assert.ok(verbs.get(own).includes(option), `${page}, "${line}": no ${option}`);
      seen++;
    }
  }
  assert.ok(seen > 20, `only ${seen} options found`);
});

test("the JSON format is the one that is written", () => {
  const [{ text }] = codeBlocks(read("docs/scoring.md")).filter(({ language }) => language === "json");
  const source = read("packages/cli/src/output/record.ts") + read("packages/detect/src/results/record.ts");
  const fields = (name) => {
    const body = source.match(new RegExp(`interface ${name}[^{]* \\{([\\s\\S]*?)\\n\\}`))[1];
    return [...body.matchAll(/readonly (\w+):/g)].map(([, field]) => field);
  };
  const sorted = (names) => [...names].sort();
  const document = JSON.parse(text);
  const result = document.results[0];
  const outer = [...fields("RunHeader"), "results", ...fields("RunFooter")];
  assert.equal(sorted(Object.keys(document)), sorted(outer));
  assert.equal(sorted(Object.keys(result)), sorted([...fields("ScoreRecord"), ...fields("VerdictRecord")]));
  assert.equal(sorted(Object.keys(result.match)), sorted(fields("MatchRecord")));
});

test.run();
