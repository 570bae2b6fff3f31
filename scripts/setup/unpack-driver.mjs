// Mesa's driver in the project's own folder, for users who may not install packages: apt fetches and checks them as it does for all, with
// lists and a cache of its own, and dpkg unpacks them. Nothing outside the folder changes.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { DESCRIPTION, DRIVER_FOLDER, driverEnv, libraryFolders } from "./driver-env.mjs";
import { SetupError, step } from "./shell.mjs";

/** Packages that the system always has. A second C library beside the running one would break every program. */
const NEVER = /^(libc6|libc-bin|libgcc-s1|libstdc\+\+6|gcc-\d+-base)_/;

/** Options that have apt keep everything below a folder, so that no root is needed. */
export function aptOptions(folder) {
  const options = {
    "Dir::State": path.join(folder, "state"),
    "Dir::Cache": path.join(folder, "cache"),
    "Dir::Etc::sourcelist": path.join(folder, "sources.list"),
    "Dir::Etc::sourceparts": path.join(folder, "sources.list.d"),
    // The system's locks are root's. These folders are this process's own.
    "Debug::NoLocking": "true",
  };
  return Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
}

/**
 * Fetches and unpacks the driver. The folder appears whole or not at all.
 *
 * @param {{sources: {name: string, text: string}[], target: string[], packages: string[]}} plan
 */
export async function unpackDriver({ sources, target, packages }) {
  const made = `${DRIVER_FOLDER}.${process.pid}`;
  const apt = path.join(made, "apt");
  rmSync(made, { recursive: true, force: true });
  try {
    for (const folder of ["state/lists/partial", "cache/archives/partial", "sources.list.d"])
      mkdirSync(path.join(apt, folder), { recursive: true });
    writeFileSync(path.join(apt, "sources.list"), "");
    for (const [i, { name, text }] of sources.entries())
      writeFileSync(path.join(apt, "sources.list.d", `${i}${path.extname(name)}`), text);
    const run = (title, ...args) =>
      step(title, "apt-get", [...aptOptions(apt), ...args], { env: { LC_ALL: "C" } });
    await run("asking the mirror what there is, as this user", "update");
    const what = ["--download-only", "--reinstall", "-y", "--no-install-recommends", ...target, ...packages];
    await run("fetching Mesa's driver into .tools (about 60 MB, once)", "install", ...what);
    const archives = path.join(apt, "cache", "archives");
    const debs = readdirSync(archives).filter((name) => name.endsWith(".deb") && !NEVER.test(name));
    for (const deb of debs)
      await step(`unpacking ${deb.split("_")[0]}`, "dpkg-deb", ["-x", path.join(archives, deb), made]);
    rmSync(apt, { recursive: true, force: true });
    describe(made);
    rmSync(DRIVER_FOLDER, { recursive: true, force: true });
    renameSync(made, DRIVER_FOLDER);
  } catch (error) {
    rmSync(made, { recursive: true, force: true });
    throw error;
  }
}

/** Writes what the loader reads, by paths that go with the folder, and what a shell reads. */
function describe(root) {
  const folder = libraryFolders(root).find((each) => existsSync(path.join(each, "libvulkan_lvp.so")));
  if (!folder) throw new SetupError("the packages that apt fetched hold no libvulkan_lvp.so");
  const library = `./${path.relative(root, path.join(folder, "libvulkan_lvp.so"))}`;
  const description = { file_format_version: "1.0.0", ICD: { library_path: library, api_version: "1.3.0" } };
  writeFileSync(path.join(root, DESCRIPTION), JSON.stringify(description));
  const moved = (text) => text.replaceAll(root, DRIVER_FOLDER);
  const { VK_DRIVER_FILES, LD_LIBRARY_PATH } = driverEnv(root, {});
  const quoted = (text) => `'${moved(text).replaceAll("'", "'\\''")}'`;
  writeFileSync(
    path.join(root, "env.sh"),
    `export VK_DRIVER_FILES=${quoted(VK_DRIVER_FILES)}\n` +
      `export LD_LIBRARY_PATH=${quoted(LD_LIBRARY_PATH)}\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}\n`,
  );
}
