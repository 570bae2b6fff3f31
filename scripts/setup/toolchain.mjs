// pnpm, the dependencies and the build: each only when the last run's stamp no longer fits.
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { ROOT, SetupError, say, step } from "./shell.mjs";
import { buildFingerprint, installFingerprint, packageNames, readStamp, writeStamp } from "./stamp.mjs";

const readJson = (file) => JSON.parse(readFileSync(path.join(ROOT, file), "utf8"));

/** Stops with one line where Node is older than package.json asks for. */
export function checkNode() {
  const wanted = readJson("package.json").engines.node.replace(">=", "");
  const [major, minor] = wanted.split(".").map(Number);
  const [haveMajor, haveMinor] = process.versions.node.split(".").map(Number);
  if (haveMajor < major || (haveMajor === major && haveMinor < minor))
    throw new SetupError(
      `Node ${wanted} or newer is needed, this is ${process.versions.node}: see nodejs.org`,
    );
}

/** Gets the pnpm that package.json pins into .tools/, and leaves everything outside the repository alone. */
async function ensurePnpm() {
  const version = readJson("package.json").packageManager.match(/^pnpm@([\d.]+)/)[1];
  const manifest = ".tools/node_modules/pnpm/package.json";
  if (existsSync(path.join(ROOT, manifest)) && readJson(manifest).version === version) return;
  const args = ["install", "--prefix", ".tools", "--no-save", "--no-audit", "--no-fund", `pnpm@${version}`];
  // npm names its own script when it starts us; otherwise it is a command on the path, a .cmd file on Windows.
  const script = process.env.npm_execpath;
  if (script?.endsWith("npm-cli.js"))
    await step(`getting pnpm ${version} into .tools`, process.execPath, [script, ...args]);
  else
    await step(`getting pnpm ${version} into .tools`, "npm", args, { shell: process.platform === "win32" });
}

export async function ensureInstalled() {
  await ensurePnpm();
  const fingerprint = installFingerprint();
  if (readStamp().install === fingerprint && existsSync(path.join(ROOT, "node_modules/.modules.yaml")))
    return;
  await step("installing dependencies", ...pnpmInstall("--filter", "!@inctrl/bench"));
  writeStamp({ install: fingerprint });
}

/** The arguments of `step` for an installation of what the lockfile says, of some of the packages. */
const pnpmInstall = (...more) => [
  process.execPath,
  [
    path.join(".tools", "node_modules", "pnpm", "bin", "pnpm.cjs"),
    "install",
    "--frozen-lockfile",
    "--prefer-offline",
    ...more,
  ],
];

/**
 * Gets the libraries that the bench compares with, which are large and wanted by nothing else. Without them the bench still
 * runs, and says which are missing.
 */
export async function ensurePeers() {
  const fingerprint = installFingerprint();
  if (readStamp().peers === fingerprint && existsSync(path.join(ROOT, "bench/node_modules"))) return;
  try {
    await step(
      "installing the libraries to compare with (about 350 MB, once)",
      ...pnpmInstall("--ignore-scripts", "--filter", "@inctrl/bench"),
    );
    writeStamp({ peers: fingerprint });
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(`${error.message}\nthe bench runs without them`);
  }
}

export async function ensureBuilt() {
  // Taken before the build: a file saved while it runs must count as changed the next time.
  const fingerprint = buildFingerprint();
  const built = packageNames().every((name) =>
    existsSync(path.join(ROOT, "packages", name, "dist/index.js")),
  );
  if (built && readStamp().build === fingerprint) return;
  const turbo = path.join("node_modules", "turbo", "bin", "turbo");
  await step(
    "building the packages",
    process.execPath,
    [turbo, "run", "build", "--output-logs=errors-only"],
    {
      env: { TURBO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1" },
    },
  );
  writeStamp({ build: fingerprint });
}
