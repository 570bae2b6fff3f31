// Remembers what earlier runs have done, so that the next one skips it.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { packageNames, publishedNames, ROOT, read } from "../workspace.mjs";

// Inside node_modules, so that deleting node_modules also forgets what was done.
const STAMP = path.join(ROOT, "node_modules", ".inctrl-setup.json");

/** @returns {{install?: string, bench?: string, docs?: string, build?: string, driver?: string, unpacked?: boolean}} */
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
  const entries = [];
  const add = (file) => {
    const info = statSync(path.join(ROOT, file));
    if (info.isFile()) entries.push([file, info.size, info.mtimeMs]);
  };
  for (const name of publishedNames) {
    const source = `packages/${name}/src`;
    if (!existsSync(path.join(ROOT, source))) continue;
    for (const entry of readdirSync(path.join(ROOT, source), { recursive: true }).sort())
      add(path.join(source, entry));
  }
  for (const file of ["tsconfig.base.json", "tsconfig.json", "scripts/build.mjs"]) add(file);
  return digest([installFingerprint(), ...entries]);
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
