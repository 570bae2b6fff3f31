// Installs pnpm and the dependencies and builds the packages, each only where the last run's stamp no longer fits.
import { existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { publishedNames, ROOT, readJson, TYPESCRIPT } from "../workspace.mjs";
import { info, SetupError, step } from "./shell.mjs";
import { buildFingerprint, installFingerprint, pageFingerprint, readStamp, writeStamp } from "./stamp.mjs";

/** Refuses a Node that is older than the oldest version in package.json. */
export function checkNode() {
  const wanted = readJson("package.json").engines.node.match(/\d+\.\d+/)[0];
  const [major, minor] = wanted.split(".").map(Number);
  const [haveMajor, haveMinor] = process.versions.node.split(".").map(Number);
  if (haveMajor < major || (haveMajor === major && haveMinor < minor))
    throw new SetupError(
      `Node ${wanted} or newer is needed, this is ${process.versions.node}: see nodejs.org`,
    );
}

/** Installs the pnpm version of package.json into .tools/. Nothing outside the repository changes. */
async function ensurePnpm() {
  const version = readJson("package.json").packageManager.match(/^pnpm@([\d.]+)/)[1];
  const manifest = ".tools/node_modules/pnpm/package.json";
  if (existsSync(path.join(ROOT, manifest)) && readJson(manifest).version === version) return;
  const args = ["install", "--prefix", ".tools", "--no-save", "--no-audit", "--no-fund", `pnpm@${version}`];
  // npm passes the path of its own script to the scripts it runs. Without it, npm is a command, a .cmd file on Windows.
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
  await step(
    "installing dependencies",
    ...pnpmInstall("--filter", "!@inctrl/bench", "--filter", "!@inctrl/docs"),
  );
  writeStamp({ install: fingerprint });
}

/** Arguments of `step` that install the versions of the lockfile. */
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

/** Installs the dependencies of a folder that nothing else needs: the peers of `bench`, or the site generator of `docs`. */
async function ensureMember(folder, what) {
  const fingerprint = installFingerprint();
  if (readStamp()[folder] === fingerprint && existsSync(path.join(ROOT, folder, "node_modules"))) return;
  await step(`installing ${what}`, ...pnpmInstall("--ignore-scripts", "--filter", `@inctrl/${folder}`));
  writeStamp({ [folder]: fingerprint });
}

/** The libraries that the bench compares with. The bench also runs without them. */
export async function ensurePeers() {
  try {
    await ensureMember("bench", "the libraries to compare with (about 350 MB, once)");
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    info(`${error.message}\nthe bench runs without them`);
  }
}

/** The site generator. Its bundler needs no build script: the prebuilt binary comes as a package. */
export const ensureSiteGenerator = () => ensureMember("docs", "the site generator (about 150 MB, once)");

/** Builds the packages unless the last build still fits. Tests may ask for it at the same time, so one process builds alone. */
export async function ensureBuilt() {
  const lock = path.join(ROOT, "node_modules/.inctrl-build.lock");
  while (!take(lock)) await sleep(200);
  try {
    await build();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

/** Builds the page unless the last build still fits: the service shows it, and it is published with the packages. */
export async function ensurePage() {
  const fingerprint = pageFingerprint();
  const built = existsSync(path.join(ROOT, "packages/web/page/index.html"));
  if (built && readStamp().page === fingerprint) return;
  await step("building the page", process.execPath, [
    ...TYPESCRIPT,
    path.join("packages", "web", "build.ts"),
  ]);
  writeStamp({ page: fingerprint });
}

/** A lock older than this was left behind by a process that was killed. */
const STALE_MS = 5 * 60_000;

/** Creates a lock folder. @returns false while another process holds it. */
function take(lock) {
  try {
    mkdirSync(lock);
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > STALE_MS) rmSync(lock, { recursive: true, force: true });
    return false;
  }
}

async function build() {
  // Taken before the build, so that a file saved while it runs counts as changed the next time.
  const fingerprint = buildFingerprint();
  const built = publishedNames.every((name) =>
    existsSync(path.join(ROOT, "packages", name, "dist/index.js")),
  );
  if (built && readStamp().build === fingerprint) return;
  await step("building the packages", process.execPath, [path.join("scripts", "build.mjs")]);
  writeStamp({ build: fingerprint });
}
