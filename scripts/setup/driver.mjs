// Finds a WebGPU adapter. On Debian and Ubuntu Mesa's software driver is installed where there is none and the user is root, and unpacked
// into the project's own folder for other users.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { readJson } from "../workspace.mjs";
import { driverEnv, isUnpacked } from "./driver-env.mjs";
import { asShell, PACKAGES, parseOsRelease, planDriver } from "./driver-plan.mjs";
import { childEnv, info, SetupError, step } from "./shell.mjs";
import { driverFingerprint, readStamp, writeStamp } from "./stamp.mjs";
import { unpackDriver } from "./unpack-driver.mjs";

const PROBE = fileURLToPath(new URL("probe.mjs", import.meta.url));
const PROBE_LIMIT_MS = 60_000;

/** @returns {{adapter?: string, problem?: string}} */
function probe(env = {}) {
  const { status, signal, stdout, stderr, error } = spawnSync(process.execPath, [PROBE], {
    encoding: "utf8",
    timeout: PROBE_LIMIT_MS,
    env: childEnv(env),
  });
  if (status === 0) return { adapter: stdout.trim().split("\n").at(-1) };
  const said = (stderr ?? "").split("\n").filter((line) => /error|refused|required|no adapter/i.test(line));
  return {
    problem: error?.message ?? said.at(-1)?.trim() ?? (signal ? `ended by ${signal}` : `exit code ${status}`),
  };
}

const readIfThere = (file) => (existsSync(file) ? readFileSync(file, "utf8") : "");

function aptSourceFiles() {
  const folder = "/etc/apt/sources.list.d";
  const names = existsSync(folder)
    ? readdirSync(folder).filter((name) => /\.(list|sources)$/.test(name))
    : [];
  return ["/etc/apt/sources.list", ...names.map((name) => path.join(folder, name))].map((name) => ({
    name,
    text: readIfThere(name),
  }));
}

function thisMachine() {
  return {
    platform: process.platform,
    osRelease: parseOsRelease(readIfThere("/etc/os-release") || readIfThere("/usr/lib/os-release")),
    uid: process.getuid?.() ?? -1,
    sources: aptSourceFiles(),
  };
}

/** Runs a plan's steps. After a failure the added source list is removed, so that apt is left as it was. */
async function install(steps) {
  const written = [];
  try {
    for (const { write, text, run } of steps) {
      if (write) {
        info(`adding ${write}`);
        writeFileSync(write, text);
        written.push(write);
        continue;
      }
      const [command, ...args] = run;
      const wait = command === "apt-get" ? ["-o", "DPkg::Lock::Timeout=300"] : [];
      await step(run.join(" "), command, [...wait, ...args], {
        env: { DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" },
      });
    }
  } catch (error) {
    for (const file of written) rmSync(file, { force: true });
    throw error;
  }
}

export async function ensureAdapter() {
  const manifest = "packages/tensor/node_modules/webgpu/package.json";
  const fingerprint = () => driverFingerprint(readJson(manifest).version);
  const { driver, unpacked } = readStamp();
  if (driver === fingerprint() && (!unpacked || isUnpacked())) return;

  info("looking for a WebGPU adapter ...");
  // The system's own drivers come first, such as one that was installed since.
  writeStamp({ unpacked: false });
  let found = probe();
  let own = false;
  if (!found.adapter && isUnpacked()) {
    found = probe(driverEnv());
    own = found.adapter !== undefined;
  }
  if (!found.adapter) {
    const plan = planDriver(thisMachine());
    info(`  none (${found.problem}): ${plan.why}`);
    if (plan.unpack) {
      found = await unpack(plan);
      own = true;
    } else if (plan.automatic) {
      await install(plan.steps);
      found = probe();
    } else
      throw new SetupError(
        plan.steps.length
          ? `no WebGPU adapter. Run this as root, then start again:\n\n${asShell(plan.steps)}\n`
          : `no WebGPU adapter: ${plan.why}`,
      );
    if (!found.adapter)
      throw new SetupError(
        `still no WebGPU adapter after installing Mesa's driver (${found.problem}). Mesa 23.1 or newer is needed: ` +
          "Debian 12 with backports, Ubuntu 24.04 or newer, or a graphics card's own Vulkan driver.",
      );
  }
  info(`  found: ${found.adapter}`);
  writeStamp({ driver: fingerprint(), unpacked: own });
  if (own) info("  for other programs, in a shell of this folder: . .tools/vulkan/env.sh");
}

/** Unpacks the driver for this user alone. Where that fails, it is told what root may do instead. */
async function unpack({ unpack: from, steps }) {
  try {
    await unpackDriver({ ...from, packages: PACKAGES });
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    throw new SetupError(
      `${error.message}\nno WebGPU adapter, and no driver could be unpacked. Run this as root, then start again:\n\n${asShell(steps)}\n`,
    );
  }
  return probe(driverEnv());
}
