// The rules of the house that Biome has no words for: import directions between packages, and the length of files.
//
//   node scripts/lint.mjs
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gitFiles, read } from "./workspace.mjs";

/** The packages that the sources of each package may import, and those that its tests may import besides. */
export const HOUSE = {
  tensor: { may: [] },
  datasets: { may: ["tensor"], tests: ["synth"] },
  synth: { may: ["datasets"] },
  clip: { may: ["tensor"], tests: ["datasets", "synth"] },
  detect: { may: ["tensor", "clip", "datasets"], tests: ["synth"] },
  inctrl: { may: ["tensor", "clip", "datasets", "detect"], tests: ["synth"] },
  baselines: { may: ["tensor", "clip", "datasets", "detect"], tests: ["synth"] },
  onnx: { may: ["tensor", "clip", "detect", "inctrl", "baselines"], tests: ["synth"] },
  pretrain: { may: ["tensor", "clip", "datasets", "synth", "detect", "inctrl"] },
  web: { may: ["tensor", "clip", "datasets", "detect", "inctrl"], tests: ["synth"] },
  server: { may: ["tensor", "datasets", "detect"], tests: ["synth"] },
  cluster: { may: ["tensor", "datasets"] },
  cli: {
    may: [
      "tensor",
      "clip",
      "datasets",
      "synth",
      "detect",
      "inctrl",
      "baselines",
      "onnx",
      "pretrain",
      "server",
      "cluster",
      "web",
    ],
  },
  testing: { may: ["tensor", "clip", "datasets", "synth", "detect"] },
};

/** What tests of every package may import. */
const TESTING = "testing";

export const MAX_LINES = 300;

const IMPORT = /\b(?:from|import)\s*\(?\s*"([^"]+)"/g;
const lineOf = (text, index) => text.slice(0, index).split("\n").length;

/** What is wrong with a file: one line each, which begins with the place. */
export function problemsOf(file, text) {
  const lines = text.split("\n").length - 1;
  const long = lines > MAX_LINES ? [`${file}: has ${lines} lines; split it (at most ${MAX_LINES})`] : [];
  const [, own, part] = file.match(/^packages\/([^/]+)\/([^/]+)\//) ?? [];
  const room = HOUSE[own];
  if (own && !room)
    return [...long, `${file}: scripts/lint.mjs does not say what packages/${own} may import`];
  if (!room) return long;
  const allowed = new Set([own, ...room.may, ...(part === "test" ? [TESTING, ...(room.tests ?? [])] : [])]);
  return [
    ...long,
    ...[...text.matchAll(IMPORT)].flatMap(({ 1: specifier, index }) => {
      const at = `${file}:${lineOf(text, index)}`;
      const named = specifier.match(/^@inctrl\/([^/]+)/)?.[1];
      if (named && !allowed.has(named)) return [`${at}: ${own} may not import ${named}`];
      const target = specifier.startsWith(".") ? path.posix.join(path.posix.dirname(file), specifier) : "";
      const other = target.match(/^packages\/([^/]+)\//)?.[1];
      return other && other !== own ? [`${at}: import @inctrl/${other} by its name, not by its path`] : [];
    }),
  ];
}

/** The problems of all files that git knows or would add. */
export function problemsOfRepository() {
  return gitFiles("*.ts", "*.tsx", "*.js", "*.mjs", "*.css").flatMap((file) => problemsOf(file, read(file)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const problems = problemsOfRepository();
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
