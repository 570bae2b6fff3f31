// Finds a WebGPU adapter. Installs Mesa's software driver where there is none and the user is root on Debian or Ubuntu.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { readJson } from "../workspace.mjs";
import { asShell, parseOsRelease, planDriver } from "./driver-plan.mjs";
import { childEnv, info, SetupError, step } from "./shell.mjs";
import { driverFingerprint, readStamp, writeStamp } from "./stamp.mjs";

const PROBE = fileURLToPath(new URL("probe.mjs", import.meta.url));
const PROBE_LIMIT_MS = 60_000;

/** @returns {{adapter?: string, problem?: string}} */
function probe() {
  const { status, signal, stdout, stderr, error } = spawnSync(process.execPath, [PROBE], {
    encoding: "utf8",
    timeout: PROBE_LIMIT_MS,
    env: childEnv(),
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
  if (readStamp().driver === fingerprint()) return;

  info("looking for a WebGPU adapter ...");
  let found = probe();
  if (!found.adapter) {
    const plan = planDriver(thisMachine());
    info(`  none (${found.problem}): ${plan.why}`);
    if (!plan.automatic)
      throw new SetupError(
        plan.steps.length
          ? `no WebGPU adapter. Run this as root, then start again:\n\n${asShell(plan.steps)}\n`
          : `no WebGPU adapter: ${plan.why}`,
      );
    await install(plan.steps);
    found = probe();
    if (!found.adapter)
      throw new SetupError(
        `still no WebGPU adapter after installing Mesa's driver (${found.problem}). Mesa 23.1 or newer is needed: ` +
          "Debian 12 with backports, Ubuntu 24.04 or newer, or a graphics card's own Vulkan driver.",
      );
  }
  info(`  found: ${found.adapter}`);
  writeStamp({ driver: fingerprint() });
}
