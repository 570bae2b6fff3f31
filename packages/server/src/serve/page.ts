import { readdir, readFile } from "node:fs/promises";
import { extname, join, sep } from "node:path";
import type { App } from "./app.js";

/** A page, all in memory. */
export interface Page {
  /** Its files by address, such as `/index.html`. */
  readonly files: ReadonlyMap<string, { readonly type: string; readonly bytes: Buffer }>;
  /** What it may do: the header `Content-Security-Policy`. */
  readonly policy: string;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".webmanifest": "application/manifest+json",
};

/**
 * Reads a built page. Null where the folder has no `index.html`.
 *
 * @example const page = await readPage(webRoot, webPolicy);
 */
export async function readPage(folder: string, policy: string): Promise<Page | null> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = new Map<string, { type: string; bytes: Buffer }>();
  for (const entry of entries.filter((each) => each.isFile())) {
    const path = join(entry.parentPath, entry.name);
    const type = TYPES[extname(entry.name)] ?? "application/octet-stream";
    const address = path.slice(folder.length).split(sep).join("/").replace(/^\/*/, "/");
    files.set(address, { type, bytes: await readFile(path) });
  }
  return files.has("/index.html") ? { files, policy } : null;
}

/** What tells the page that a service stands behind it. Served as plain files it has no such line, and asks for nothing. */
const MARK = '<meta name="inctrl-service" content="v1" />';

const marked = (html: Buffer): Buffer =>
  Buffer.from(html.toString("utf8").replace("<head>", `<head>\n    ${MARK}`));

/** Serves the page at `/`. Only what was read at the start has an address. */
export function addPage(app: App, { files, policy }: Page): void {
  for (const [address, { type, bytes }] of files) {
    const first = address === "/index.html";
    const urls = first ? ["/", address] : [address];
    const body = first ? marked(bytes) : bytes;
    for (const url of urls)
      app.get(encodeURI(url), { schema: { hide: true } }, async (_request, reply) =>
        reply
          .type(type)
          .headers({
            "content-security-policy": policy,
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
            "cross-origin-opener-policy": "same-origin",
          })
          .send(body),
      );
  }
}
