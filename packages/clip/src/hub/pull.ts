import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { cacheDir } from "./cache.js";
import { HUB_MODELS, type HubFile, type HubModel, VOCABULARY_DOWNLOAD } from "./catalog.js";
import { type DownloadProgress, download } from "./download.js";
import { HubError } from "./errors.js";
import { checksumFromHub } from "./http.js";
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
   * The sum that the download was checked against: a published one, the published beginning of one, or the hub's own record,
   * which guards against damage but not against the hub.
   */
  readonly checked: "sha256" | "sha256-prefix" | "hub";
  /** The sum of a file that was downloaded now. */
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
 * Downloads the weights and vocabulary of a published model into the cache folder and returns where they are.
 * A cut download resumes; a file appears only once its checksum is right. Calls that run at the same time, in any number of
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
  const present: PulledFile = { role: file.role, path: target, status: "present", checked };
  const there = existsSync(target);
  await sweepDownloads(path.dirname(target), there ? null : path.basename(target));
  if (there) return present;
  const { signal } = options;
  try {
    await mkdir(path.dirname(target), { recursive: true });
    return await withLock(`${target}.lock`, signal, async () => {
      // Another process may have finished it while we waited for the lock.
      if (existsSync(target)) return present;
      const url = throughMirror(file.url, options.baseUrl ?? process.env.INCTRL_HUB);
      const { bytes, maxBytes } = file;
      const retry = {
        signal,
        backoffMs: options.backoffMs,
        onRetry: (why: string) => options.onRetry?.(file, why),
      };
      const fromHub = () => withRetries(url, () => checksumFromHub(url, signal), retry);
      const sha256 = checked === "hub" ? await fromHub() : file.sha256;
      const onProgress = (progress: DownloadProgress) => options.onProgress?.(file, progress);
      const done = await download(url, target, { ...retry, sha256, bytes, maxBytes, onProgress });
      return { ...present, status: "downloaded", ...done };
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

function howChecked({ url, sha256 }: HubFile): PulledFile["checked"] {
  if (sha256 === "from-hub") return "hub";
  if (/^[0-9a-f]{64}$/i.test(sha256)) return "sha256";
  if (/^[0-9a-f]{8,63}$/i.test(sha256)) return "sha256-prefix";
  throw new HubError("no-checksum", `${url}: "${sha256}" is no SHA-256 sum, nor its first 8 or more digits`);
}

/** The same path on another server. */
const throughMirror = (url: string, baseUrl: string | undefined): string =>
  baseUrl ? new URL(baseUrl.replace(/\/$/, "") + new URL(url).pathname).href : url;
