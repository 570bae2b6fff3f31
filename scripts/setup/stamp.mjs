// Remembers what earlier runs have done, so that the next one skips it.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { packageNames, publishedNames, ROOT, read } from "../workspace.mjs";

// Inside node_modules, so that deleting node_modules also forgets what was done.
const STAMP = path.join(ROOT, "node_modules", ".inctrl-setup.json");

/** @returns {{install?: string, bench?: string, docs?: string, build?: string, page?: string, driver?: string, unpacked?: boolean}} */
export function readStamp() {
  try {
    return JSON.parse(readFileSync(STAMP, "utf8"));
  } catch {
    return {};
  }
}

export function writeStamp(changes) {
  const temporary = `${STAMP}.${process.pid}`;
  writeFileSync(temporary, JSON.stringify({ ...readStamp(), ...changes }));
  renameSync(temporary, STAMP);
}

const digest = (parts) => createHash("sha256").update(JSON.stringify(parts)).digest("hex");

/** Changes with the dependencies to install. By content, since these files are few and small. */
export function installFingerprint() {
  const files = [
    "package.json",
    "pnpm-lock.yaml",
    "pnpm-workspace.yaml",
    "bench/package.json",
    "docs/package.json",
    ...packageNames.map((name) => `packages/${name}/package.json`),
  ].filter((file) => existsSync(path.join(ROOT, file)));
  const contents = files.map((file) => [file, read(file)]);
  return digest([process.platform, process.arch, ...contents]);
}

/** Changes with the sources. By name, size and time, which is quick for any number of files. */
export function buildFingerprint() {
  const sources = publishedNames.map((name) => `packages/${name}/src`);
  return digest([
    installFingerprint(),
    ...looks(...sources, "tsconfig.base.json", "tsconfig.json", "scripts/build.mjs"),
  ]);
}

/** Changes with the sources of the page, which are those of the packages too. */
export function pageFingerprint() {
  const own = ["app", "build.ts", "vite.config.mjs"].map((name) => `packages/web/${name}`);
  return digest([buildFingerprint(), ...looks(...own, "packages/clip/models/nano")]);
}

/** Name, size and time of files, and of all files in folders. What is absent is left out. */
function looks(...names) {
  return names.flatMap((name) => {
    const info = statSync(path.join(ROOT, name), { throwIfNoEntry: false });
    if (info?.isFile()) return [[name, info.size, info.mtimeMs]];
    const entries = info ? readdirSync(path.join(ROOT, name)).sort() : [];
    return looks(...entries.map((entry) => path.join(name, entry)));
  });
}

// Where the Vulkan loader looks for drivers. Windows and macOS bring theirs along.
const DRIVER_FOLDERS = ["/usr/share/vulkan/icd.d", "/usr/local/share/vulkan/icd.d", "/etc/vulkan/icd.d"];

/** Changes when another driver or another WebGPU may be found than at the last probe. */
export function driverFingerprint(webgpuVersion) {
  const files = DRIVER_FOLDERS.filter(existsSync).flatMap((folder) =>
    readdirSync(folder).map((name) => [path.join(folder, name), statSync(path.join(folder, name)).mtimeMs]),
  );
  const variables = ["VK_ICD_FILENAMES", "VK_DRIVER_FILES", "VK_LOADER_DRIVERS_DISABLE"].map(
    (name) => process.env[name],
  );
  return digest([process.platform, process.arch, webgpuVersion, files, variables]);
}
