import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { webPolicy, webRoot } from "../src/index.js";

// The built page in a real browser, served as any server of files would.

const USUAL = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const named = process.env.CHROMIUM_PATH;
export const CHROMIUM = (named ? [named] : USUAL).find((file) => existsSync(file));

const FLAGS = [
  "--enable-unsafe-webgpu",
  process.env.INCTRL_BROWSER_ADAPTER === "hardware"
    ? "--enable-features=Vulkan"
    : "--use-webgpu-adapter=swiftshader",
  ...["--disable-gpu-sandbox", "--no-first-run", "--disable-background-networking"],
  ...["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"],
];

const TYPES: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".json": "application/json",
};

/** The built page on a server of plain files. */
export interface PlainFiles {
  readonly address: string;
  close(): void;
}

export async function serveFiles(): Promise<PlainFiles> {
  const server = createServer(async ({ url = "/" }, response) => {
    const path = normalize(decodeURIComponent(new URL(url, "http://localhost").pathname));
    const file = join(webRoot, path.endsWith("/") ? `${path}index.html` : path);
    const body = await readFile(file).catch(() => null);
    response.setHeader("content-security-policy", webPolicy);
    response.setHeader("content-type", TYPES[extname(file)] ?? "application/octet-stream");
    response.writeHead(body ? 200 : 404).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { address: `http://127.0.0.1:${port}/`, close: () => void server.close() };
}

/** A browser with the page's address, and what the page complained of. */
export interface Visit extends AsyncDisposable {
  readonly complaints: string[];
  /** A fresh page. @param where its address; the static page's own by default. */
  open(
    options?: BrowserContextOptions,
    prepare?: (page: Page) => Promise<void>,
    where?: string,
  ): Promise<Page>;
}

export async function visit(args: readonly string[] = []): Promise<Visit> {
  const server = await serveFiles();
  const browser: Browser = await chromium.launch({
    executablePath: CHROMIUM,
    chromiumSandbox: false,
    args: [...FLAGS, ...args],
  });
  const complaints: string[] = [];
  return {
    complaints,
    async open(options = {}, prepare = async () => {}, where = server.address) {
      const context = await browser.newContext(options);
      const page = await context.newPage();
      page.setDefaultTimeout(60_000);
      page.on("pageerror", (error) => complaints.push(error.message));
      page.on("console", (message) => {
        if (message.type() === "error") complaints.push(message.text());
      });
      page.on("response", (answer) => {
        if (!answer.ok()) complaints.push(`${answer.url()}: ${answer.status()}`);
      });
      await prepare(page);
      await page.goto(where);
      return page;
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      server.close();
    },
  };
}
