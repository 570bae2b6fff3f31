import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { cacheDir } from "./cache.js";
import { HUB_MODELS, type HubFile, type HubModel, VOCABULARY_DOWNLOAD } from "./catalog.js";
import { type DownloadProgress, download, sha256Of } from "./download.js";
import { HubError } from "./errors.js";
import { checksumFromHub, reason } from "./http.js";
import { sweepDownloads, withLock } from "./lock.js";
import { type RetryOptions, withRetries } from "./retry.js";

export interface PullOptions extends Omit<RetryOptions, "onRetry"> {
  /** Folder of the downloaded files. Default `cacheDir()`. */
  readonly cacheDir?: string;
  /** Another server with the same paths, such as a mirror. Default `INCTRL_HUB`. */
  readonly baseUrl?: string;
  readonly onProgress?: (file: HubFile, progress: DownloadProgress) => void;
  readonly onRetry?: (file: HubFile, why: string) => void;
}

export interface PulledFile {
  readonly role: HubFile["role"];
  readonly path: string;
  /** "present": the file existed and nothing was downloaded. */
  readonly status: "downloaded" | "present";
  /**
   * The sum that the file was checked against: a published one, the published beginning of one, or the hub's own record, which guards
   * against damage but not against the hub. Null for a file that existed, where the hub could not be asked.
   */
  readonly checked: "sha256" | "sha256-prefix" | "hub" | null;
  /** Why the hub could not be asked. */
  readonly unchecked?: string;
  readonly sha256?: string;
  readonly bytes?: number;
}

/** Every name `pull` takes. */
export const hubNames = (): string[] => [...HUB_MODELS, VOCABULARY_DOWNLOAD].map(({ name }) => name);

/** The catalogue entry called `name`. @throws HubError `unknown-model` with the known names. */
export function findHubModel(name: string): HubModel {
  const wanted = name.toLowerCase().replaceAll("_", "-");
  const model = [...HUB_MODELS, VOCABULARY_DOWNLOAD].find((entry) => entry.name === wanted);
  if (model) return model;
  throw new HubError("unknown-model", `no download is called "${name}"; known are ${hubNames().join(", ")}`);
}

/** The path of a file of the catalogue in the cache folder. */
export const cachedPath = (file: HubFile, folder: string = cacheDir()): string =>
  path.join(folder, "models", file.saveAs);

/**
 * Downloads the weights and vocabulary of a published model into the cache folder and returns where they are. Files that are there
 * already are held against their sums; one that differs is refused and left alone. A cut download resumes; a file appears only once its checksum is right. Calls that run at the same time, in any number of
 * processes, download it once. Node 20's fetch ignores HTTPS_PROXY: behind a proxy, fetch the file by other means and pass its path.
 *
 * @throws HubError.
 *
 * @example
 * const [weights] = await pull("vit-b-16-plus-240-laion400m-e32");
 * console.log(weights.path);
 */
export async function pull(name: string, options: PullOptions = {}): Promise<PulledFile[]> {
  const pulled: PulledFile[] = [];
  for (const file of findHubModel(name).files) pulled.push(await pullFile(file, options));
  return pulled;
}

/** Downloads one file. @throws HubError. */
export async function pullFile(file: HubFile, options: PullOptions = {}): Promise<PulledFile> {
  const target = cachedPath(file, options.cacheDir);
  const checked = howChecked(file);
  const url = throughMirror(file.url, options.baseUrl ?? process.env.INCTRL_HUB);
  const there = existsSync(target);
  await sweepDownloads(path.dirname(target), there ? null : path.basename(target));
  const { signal } = options;
  try {
    if (there) return await examine(file, target, url, signal);
    await mkdir(path.dirname(target), { recursive: true });
    return await withLock(`${target}.lock`, signal, async () => {
      // Another process may have finished it while we waited for the lock.
      if (existsSync(target)) return examine(file, target, url, signal);
      const { role, bytes, maxBytes } = file;
      const retry = {
        signal,
        backoffMs: options.backoffMs,
        onRetry: (why: string) => options.onRetry?.(file, why),
      };
      const fromHub = () => withRetries(url, () => checksumFromHub(url, signal), retry);
      const sha256 = checked === "hub" ? await fromHub() : file.sha256;
      const onProgress = (progress: DownloadProgress) => options.onProgress?.(file, progress);
      const done = await download(url, target, { ...retry, sha256, bytes, maxBytes, onProgress });
      return { role, path: target, status: "downloaded", checked, ...done };
    });
  } catch (error) {
    if (error instanceof HubError) throw error;
    if (signal?.aborted)
      throw new HubError("aborted", `${file.url}: stopped; pull again to go on from here`, { cause: error });
    const { code, message } = error as NodeJS.ErrnoException;
    const problem = code === "ENOSPC" ? "the disk is full: free some space" : message;
    throw new HubError("disk", `${target}: ${problem}; INCTRL_CACHE names another folder`, { cause: error });
  }
}

/** A file that is there already, held against its sum. One that differs is left alone, as it may be the user's own. */
async function examine(
  file: HubFile,
  target: string,
  url: string,
  signal: AbortSignal | undefined,
): Promise<PulledFile> {
  const { role } = file;
  const checked = howChecked(file);
  let want = file.sha256;
  if (checked === "hub") {
    try {
      want = await checksumFromHub(url, signal);
    } catch (error) {
      if (signal?.aborted) throw error;
      return { role, path: target, status: "present", checked: null, unchecked: reason(error) };
    }
  }
  const sha256 = await sha256Of(target);
  if (sha256.startsWith(want.toLowerCase()))
    return { role, path: target, status: "present", checked, sha256 };
  const whose = checked === "hub" ? "the hub's file" : "the published file";
  throw new HubError(
    "checksum",
    `${target}: has sha256 ${sha256}, and ${whose} has ${want}; delete it and pull again, or move it and pass its path`,
  );
}

function howChecked({ url, sha256 }: HubFile): NonNullable<PulledFile["checked"]> {
  if (sha256 === "from-hub") return "hub";
  if (/^[0-9a-f]{64}$/i.test(sha256)) return "sha256";
  if (/^[0-9a-f]{8,63}$/i.test(sha256)) return "sha256-prefix";
  throw new HubError("no-checksum", `${url}: "${sha256}" is no SHA-256 sum, nor its first 8 or more digits`);
}

/** The same path on another server. */
const throughMirror = (url: string, baseUrl: string | undefined): string =>
  baseUrl ? new URL(baseUrl.replace(/\/$/, "") + new URL(url).pathname).href : url;
