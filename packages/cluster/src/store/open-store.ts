import { folderStore } from "./folder-store.js";
import type { Objects } from "./s3-client.js";
import type { Store } from "./store.js";

/** Whether an address is of objects instead of files. */
export const isS3 = (where: string): boolean => where.startsWith("s3://");

/**
 * The store of a run: a folder, or a place in a bucket, below the place of all runs.
 *
 * @param runs `DIR` or `s3://BUCKET/PREFIX`.
 * @example
 * const store = await openStore("runs", "archive");
 */
export async function openStore(runs: string, run: string): Promise<Store> {
  const where = `${runs.replace(/\/+$/, "")}/${run}`;
  if (!isS3(runs)) return folderStore(where);
  const { s3Store } = await import("./s3-store.js");
  return s3Store(await openObjects(), where);
}

/** The calls of S3. Amazon's client is large, and most runs lie in a folder: it is loaded here. */
export async function openObjects(): Promise<Objects> {
  return new (await import("./s3-client.js")).Objects();
}
