// Writes docs/commands.md: every verb of the command with its options and examples, from the command's own definitions.
//
//   npm run docs:commands
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const PAGE = fileURLToPath(new URL("../../docs/commands.md", import.meta.url));

/** The verbs, in the order of the help text. */
export async function loadCommands() {
  const { buildProgram } = await import("@inctrl/cli");
  return (await buildProgram()).commands;
}

/** A verb and the verbs under it, each with its whole name. */
export function withSubcommands(command, prefix = "inctrl") {
  const name = `${prefix} ${command.name()}`;
  return [{ name, command }, ...command.commands.flatMap((each) => withSubcommands(each, name))];
}

const cell = (text) => text.replaceAll("|", "\\|");

function optionTable(options) {
  const rows = options.map(
    ({ flags, description }) => `| \`${cell(flags)}\` | ${cell(description).replaceAll("<", "&lt;")} |`,
  );
  return ["| option | meaning |", "| --- | --- |", ...rows].join("\n");
}

/** The text that a command adds behind its help: examples and notes. */
function helpAfter(command) {
  let text = "";
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
  });
  command.outputHelp();
  return text.slice(command.helpInformation().length).trim();
}

function section({ name, command }) {
  const groups = new Map();
  for (const option of command.options.filter(({ hidden }) => !hidden)) {
    const group = option.helpGroupHeading?.replace(/:$/, "") ?? "";
    groups.set(group, [...(groups.get(group) ?? []), option]);
  }
  const tables = [...groups].map(([group, own]) => `${group ? `**${group}**\n\n` : ""}${optionTable(own)}`);
  const after = helpAfter(command);
  const level = "#".repeat(name.split(" ").length);
  return [
    `${level} ${name}`,
    `${command.description()}`,
    `\`\`\`text\n${name} ${command.usage()}\n\`\`\``,
    ...tables,
    ...(after ? [`\`\`\`text\n${after}\n\`\`\``] : []),
  ].join("\n\n");
}

/** The page as Markdown. */
export async function commandsPage() {
  const commands = await loadCommands();
  const sections = commands.flatMap((command) => withSubcommands(command)).map(section);
  return `# Commands

Written by \`npm run docs:commands\` from the commands themselves. \`inctrl help VERB\` prints the same.

${sections.join("\n\n")}
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(PAGE, await commandsPage());
