import { execFile } from "node:child_process";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { cpus, release, totalmem, type } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { writeFileAtomic } from "@inctrl/datasets";
import { openDevice, readProcessor } from "@inctrl/tensor";
import type { Row } from "../case.js";
import { CASES } from "../cases/index.js";
import { peerVersions } from "../peers/index.js";
import { markdownTable, percent } from "./table.js";

/** The machine that figures were measured on. */
export interface Machine {
  processor: string;
  /** The widest vector instructions, such as `AVX2`; they decide what a software adapter reaches. Absent where unknown. */
  instructions?: string;
  cores: number;
  memoryGB: number;
  system: string;
  adapter: string;
}

/** The rows of a case, with date, commit, versions and machine. */
export interface CaseResult {
  date: string;
  commit: string;
  versions: Record<string, string>;
  /** The share of the processor's time that other work took, where that was too much. */
  others?: number;
  machine: Machine;
  rows: Row[];
}

/** The results of an adapter on a processor by case. The figures of a case are of one run. */
export type Results = Record<string, CaseResult>;

const FOLDER = fileURLToPath(new URL("../../results", import.meta.url));

/** The name of this processor's and adapter's results, and the machine. */
export async function thisMachine(): Promise<{ name: string; machine: Machine }> {
  const device = await openDevice();
  const { name, description } = device.caps;
  device.close();
  const { model, instructions } = (await readProcessor())!;
  const all = cpus();
  return {
    name: resultsName(model, instructions, name),
    machine: {
      processor: model,
      ...(instructions && { instructions }),
      cores: all.length,
      memoryGB: Math.round(totalmem() / 2 ** 30),
      system: `${type()} ${release()}`,
      adapter: description || name,
    },
  };
}

/** A file's name without its ending. */
export const resultsName = (...parts: string[]): string =>
  (
    parts
      .join(" ")
      .toLowerCase()
      .match(/[a-z0-9]+/g) ?? []
  ).join("-");

/** The provenance that is stored with the rows of a case. */
export async function provenance(machine: Machine): Promise<Omit<CaseResult, "rows">> {
  const versions = { node: process.versions.node, ...peerVersions() };
  return { date: new Date().toISOString().slice(0, 10), commit: await commit(), versions, machine };
}

/** The commit that is checked out, with `+` where files differ from it. */
export async function commit(): Promise<string> {
  try {
    const args = ["describe", "--always", "--exclude=*", "--dirty=+"];
    return (await promisify(execFile)("git", args, { cwd: FOLDER })).stdout.trim();
  } catch {
    return "unknown";
  }
}

/** The saved results of all processors and adapters, in the order of their names. */
export async function allResults(folder = FOLDER): Promise<Results[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".json")).sort();
  const found = await Promise.all(names.map((name) => readResults(name.slice(0, -".json".length), folder)));
  // Other studies keep their results in the same folder.
  return found.filter((each): each is Results =>
    Object.values(each ?? {}).some(
      (result) => result?.machine?.adapter !== undefined && result.versions !== undefined,
    ),
  );
}

/** The saved results of an adapter on a processor; null where there are none. */
export async function readResults(name: string, folder = FOLDER): Promise<Results | null> {
  const text = await readFile(join(folder, `${name}.json`), "utf8").catch(() => null);
  return text === null ? null : (JSON.parse(text) as Results);
}

/** Writes results as JSON and as Markdown; returns the latter's path. */
export async function saveResults(name: string, results: Results, folder = FOLDER): Promise<string> {
  await mkdir(folder, { recursive: true });
  const sorted = Object.fromEntries(
    CASES.flatMap(({ name: id }) => (results[id] ? [[id, results[id]]] : [])),
  );
  await writeFileAtomic(join(folder, `${name}.json`), `${JSON.stringify(sorted, null, 1)}\n`);
  const path = join(folder, `${name}.md`);
  await writeFileAtomic(path, describe(sorted));
  return path;
}

/** Results as a page. */
function describe(results: Results): string {
  const sections = Object.entries(results).map(([id, result]) => {
    const title = CASES.find(({ name }) => name === id)?.title ?? id;
    return `## ${id}\n\n${title}.\n\n${origin(result)}\n\n${markdownTable(result.rows)}`;
  });
  return `# What \`npm run bench\` measured\n\nWritten by that command. Ratios are of one run, in which all take turns.\n\n${sections.join("\n")}`;
}

/** One line with machine, versions, date and commit. */
export function origin({ machine, date, commit: hash, versions, others }: Omit<CaseResult, "rows">): string {
  const { cores, memoryGB, system, adapter } = machine;
  const used = Object.entries(versions).map(([library, version]) => `${library} ${version}`);
  const marked =
    others === undefined ? "" : ` UNDER LOAD: other work took ${percent(others)} of the processor's time.`;
  return `${processorOf(machine)}, ${cores} cores, ${memoryGB} GB, ${system}; ${adapter}; ${used.join(", ")}; ${date}, commit ${hash}.${marked}`;
}

/** A processor with its instructions. */
export const processorOf = ({ processor, instructions }: Machine): string =>
  instructions ? `${processor} with ${instructions}` : processor;
