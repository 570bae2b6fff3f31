// Where a driver that set-up unpacked lies, and the environment in which programs find it.
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { ROOT } from "../workspace.mjs";

/** Where the driver lies, in Debian's own tree. */
export const DRIVER_FOLDER = path.join(ROOT, ".tools", "vulkan");

/** The driver's description for the Vulkan loader, in that folder. */
export const DESCRIPTION = "lvp_icd.json";

/** Where libraries lie in an unpacked tree: Debian's folders of one architecture. */
export function libraryFolders(root, exists = existsSync, list = readdirSync) {
  return ["usr/lib", "lib"].flatMap((parent) => {
    const folder = path.join(root, parent);
    if (!exists(folder)) return [];
    return list(folder)
      .filter((name) => /-linux-gnu/.test(name))
      .map((name) => path.join(folder, name));
  });
}

/** The environment in which the unpacked driver is found. The user's own libraries stay behind it. */
export function driverEnv(root = DRIVER_FOLDER, given = process.env) {
  return {
    VK_DRIVER_FILES: path.join(root, DESCRIPTION),
    LD_LIBRARY_PATH: [...libraryFolders(root), given.LD_LIBRARY_PATH].filter(Boolean).join(":"),
  };
}

/** Whether a driver has been unpacked. */
export const isUnpacked = () => existsSync(path.join(DRIVER_FOLDER, DESCRIPTION));
