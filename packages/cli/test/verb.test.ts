import type { Command } from "commander";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { buildProgram } from "../src/program.js";
import { cli } from "./support/cli.js";

/** Every verb by its full name, such as "models pull". */
async function verbs(): Promise<Map<string, Command>> {
  const found = new Map<string, Command>();
  const visit = (command: Command, name: string) => {
    found.set(name, command);
    for (const verb of command.commands) visit(verb, `${name} ${verb.name()}`);
  };
  for (const verb of (await buildProgram()).commands) visit(verb, verb.name());
  return found;
}

/** Command lines of a verb's help, those that go over several lines joined. */
function examplesIn(help: string): string[] {
  const [, examples = ""] = help.split("\nExamples:\n");
  return [...examples.replaceAll(/\\\n\s*/g, "").matchAll(/^ +(?:\w+=\S+ )*inctrl (.*)$/gm)].map(
    ([, line]) => line,
  );
}

test("every verb's help has examples, and their options exist", async () => {
  const known = await verbs();
  assert.ok(known.size >= 14, `${known.size} verbs`);
  for (const name of known.keys()) {
    const { code, stdout } = await cli([...name.split(" "), "--help"]);
    assert.is(code, 0);
    const examples = examplesIn(stdout);
    assert.ok(examples.length > 0, `${name} has no example`);
    for (const line of examples) {
      const words = line.split(" ");
      const verb = known.get(words.slice(0, 2).join(" ")) ?? known.get(words[0]);
      for (const [option] of line.matchAll(/--[a-z-]+/g)) {
        assert.ok(
          verb?.options.some(({ long }) => long === option),
          `${name}: "${line}" has no ${option}`,
        );
      }
    }
  }
});

test("every shown option has help, and earlier names are hidden", async () => {
  for (const [name, command] of await verbs()) {
    for (const { long, description, hidden } of command.options) {
      if (!hidden) assert.ok(description.length > 2, `${name} ${long}`);
    }
  }
  const options = (await verbs()).get("score")!.options;
  for (const alias of ["--turns", "--config"]) {
    assert.ok(options.find(({ long }) => long === alias)?.hidden, alias);
  }
});

test("help states defaults", async () => {
  const { stdout } = await cli(["eval", "--help"]);
  const help = stdout.replaceAll(/\s+/g, " ");
  for (const words of [
    "numbers of prompts (default: 2,4,8)",
    "(default: crop, or as the method has it)",
    "such as 500MB (default: 20GB)",
    "(default: as the backbone's configuration says; nano 8, others 1)",
  ]) {
    assert.ok(help.includes(words), words);
  }
});

test.run();
