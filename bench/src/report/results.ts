import { execFile } from "node:child_process";
import { mkdir, readFile } from "node:fs/promises";
import { cpus, release, totalmem, type } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { writeFileAtomic } from "@inctrl/datasets";
import { openDevice } from "@inctrl/tensor";
import type { Row } from "../case.js";
import { CASES } from "../cases/index.js";
import { peerVersions } from "../peers/index.js";
import { markdownTable } from "./table.js";

/** The machine that figures were measured on. */
export interface Machine {
  processor: string;
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
  machine: Machine;
  rows: Row[];
}

/** The results of an adapter by case. The figures of a case are of one run. */
export type Results = Record<string, CaseResult>;

const FOLDER = fileURLToPath(new URL("../../results", import.meta.url));

/** The name of this adapter's results, and the machine. */
export async function thisMachine(): Promise<{ name: string; machine: Machine }> {
  const device = await openDevice();
  const { name, description } = device.caps;
  device.close();
  const words = name.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  const all = cpus();
  return {
    name: words.join("-"),
    machine: {
      processor: all[0]?.model.trim() || process.arch,
      cores: all.length,
      memoryGB: Math.round(totalmem() / 2 ** 30),
      system: `${type()} ${release()}`,
      adapter: description || name,
    },
  };
}

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

/** The saved results of an adapter; null where there are none. */
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
export function origin({ machine, date, commit: hash, versions }: Omit<CaseResult, "rows">): string {
  const { processor, cores, memoryGB, system, adapter } = machine;
  const used = Object.entries(versions).map(([library, version]) => `${library} ${version}`);
  return `${processor}, ${cores} cores, ${memoryGB} GB, ${system}; ${adapter}; ${used.join(", ")}; ${date}, commit ${hash}.`;
}
