// Which steps give this machine a WebGPU adapter. Pure: the same steps are run as root and printed for anyone else.
import { backportsFile, hasSuite } from "./apt-sources.mjs";

/** `KEY=value` lines of /etc/os-release, quotes removed. */
export function parseOsRelease(text) {
  const fields = {};
  for (const line of text.split("\n")) {
    const match = line.match(/^([A-Z_]+)=(.*)$/);
    if (match) fields[match[1]] = match[2].replace(/^(["'])(.*)\1$/, "$2");
  }
  return fields;
}

export const PACKAGES = ["mesa-vulkan-drivers", "libvulkan1"];
const BACKPORTS_FILE = "/etc/apt/sources.list.d/inctrl-backports";
// Debian 12's own Mesa (22.3) lacks features WebGPU requires. Everything newer has them.
const NEEDS_BACKPORTS = "bookworm";

const OTHER_LINUX = [
  [/fedora|rhel|centos/, ["dnf", "install", "-y", "mesa-vulkan-drivers", "vulkan-loader"]],
  [/arch/, ["pacman", "-S", "--needed", "vulkan-swrast", "vulkan-icd-loader"]],
  [/suse/, ["zypper", "install", "-y", "libvulkan_lvp", "libvulkan1"]],
];

/**
 * @typedef {{run: string[]} | {write: string, text: string}} Step
 * @param {{platform: string, osRelease: Record<string, string>, uid: number, sources: {name: string, text: string}[]}} machine
 * @returns {{why: string, steps: Step[], automatic: boolean, unpack?: {sources: {name: string, text: string}[], target: string[]}}}
 * `automatic`: set-up may run the steps itself; `unpack`: apt's sources and release from which a user without root may fetch the driver
 */
export function planDriver({ platform, osRelease, uid, sources }) {
  if (platform !== "linux")
    return {
      why: "update the graphics driver: WebGPU needs Metal on macOS, Direct3D 12 on Windows",
      steps: [],
      automatic: false,
    };

  const family = [osRelease.ID, osRelease.ID_LIKE].join(" ");
  const known = osRelease.ID === "debian" || osRelease.ID === "ubuntu";
  if (!known && !/debian|ubuntu/.test(family)) {
    const command = OTHER_LINUX.find(([pattern]) => pattern.test(family))?.[1];
    const why = command
      ? "Mesa's software Vulkan driver is needed"
      : "install a Vulkan driver (Mesa 23.1 or newer) and loader";
    return { why, steps: command ? [{ run: command }] : [], automatic: false };
  }

  const backports = `${NEEDS_BACKPORTS}-backports`;
  const steps = [];
  let automatic = known && uid === 0;
  let why = "Mesa's software Vulkan driver is needed";
  let target = [];
  let all = sources;
  if (osRelease.VERSION_CODENAME === NEEDS_BACKPORTS) {
    why = `Debian 12's own Vulkan driver is too old for WebGPU, the one in ${backports} is new enough`;
    target = ["-t", backports];
    if (!hasSuite(sources, backports)) {
      const added = backportsFile(sources, NEEDS_BACKPORTS);
      if (added) {
        const file = `${BACKPORTS_FILE}.${added.format}`;
        steps.push({ write: file, text: added.text });
        all = [...sources, { name: file, text: added.text }];
      } else {
        why += `; add the suite ${backports} of your Debian mirror to apt's sources first, none was found to model it on`;
        automatic = false;
        all = null;
      }
    }
  }
  steps.push({ run: ["apt-get", "update"] });
  steps.push({ run: ["apt-get", "install", "-y", "--no-install-recommends", ...target, ...PACKAGES] });
  const unpack = known && uid !== 0 && all && { sources: all, target };
  return { why, steps, automatic, ...(unpack && { unpack }) };
}

/** The steps as a person types them into a root shell. */
export const asShell = (steps) =>
  steps
    .map((step) => (step.run ? step.run.join(" ") : `cat > ${step.write} <<'EOF'\n${step.text}EOF`))
    .join("\n");
