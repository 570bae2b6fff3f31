import { readdir, readFile } from "node:fs/promises";
import { extname, join, sep } from "node:path";
import type { App } from "./app.js";

/** The files of the page by address, all in memory. */
export type Page = ReadonlyMap<string, { readonly type: string; readonly bytes: Buffer }>;

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".webmanifest": "application/manifest+json",
};

/** Reads a built page. Null where the folder has no `index.html`. */
export async function readPage(folder: string): Promise<Page | null> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const page = new Map<string, { type: string; bytes: Buffer }>();
  for (const entry of entries.filter((each) => each.isFile())) {
    const path = join(entry.parentPath, entry.name);
    const type = TYPES[extname(entry.name)] ?? "application/octet-stream";
    const address = path.slice(folder.length).split(sep).join("/").replace(/^\/*/, "/");
    page.set(address, { type, bytes: await readFile(path) });
  }
  return page.has("/index.html") ? page : null;
}

/** Nothing but what the service itself serves; WebAssembly and workers of its own. */
const POLICY = [
  ...["default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "worker-src 'self'", "style-src 'self'"],
  ...["img-src 'self' blob: data:", "media-src 'self' blob:", "connect-src 'self'", "manifest-src 'self'"],
  ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
].join("; ");

/** Serves the page at `/`. Only what was read at the start has an address. */
export function addPage(app: App, page: Page): void {
  for (const [address, { type, bytes }] of page) {
    const urls = address === "/index.html" ? ["/", address] : [address];
    for (const url of urls)
      app.get(encodeURI(url), { schema: { hide: true } }, async (_request, reply) =>
        reply
          .type(type)
          .headers({
            "content-security-policy": POLICY,
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
            "cross-origin-opener-policy": "same-origin",
          })
          .send(bytes),
      );
  }
}
