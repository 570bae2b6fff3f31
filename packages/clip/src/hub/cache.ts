import { homedir } from "node:os";
import path from "node:path";

/**
 * The folder of downloaded files: `INCTRL_CACHE`, or `inctrl` in the platform's cache folder.
 *
 * @example
 * cacheDir({ INCTRL_CACHE: "/data/models" }); // "/data/models"
 */
export function cacheDir(
  env: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  if (env.INCTRL_CACHE) return path.resolve(env.INCTRL_CACHE);
  // The XDG rules say that a relative XDG_CACHE_HOME is to be ignored.
  if (env.XDG_CACHE_HOME && path.isAbsolute(env.XDG_CACHE_HOME))
    return path.join(env.XDG_CACHE_HOME, "inctrl");
  const home = env.HOME ?? env.USERPROFILE ?? homedir();
  if (platform === "darwin") return path.join(home, "Library", "Caches", "inctrl");
  if (platform === "win32")
    return path.join(env.LOCALAPPDATA ?? path.join(home, "AppData", "Local"), "inctrl", "Cache");
  return path.join(home, ".cache", "inctrl");
}
