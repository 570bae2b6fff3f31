import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import type { test as Test } from "uvu";
import * as assert from "uvu/assert";
import type { HubFile } from "../../src/hub/catalog.js";
import { HubError } from "../../src/hub/errors.js";
import { type PullOptions, pullFile } from "../../src/hub/pull.js";
import { content, serve, sha256, type TestServer } from "./file-server.js";

export const BODY = content(400_000);
export const ETAG = '"first"';

export type Handler = (request: IncomingMessage, response: ServerResponse, count: number) => void;

/** A cache folder and a server for one test, and how a file is pulled from it. */
export class Pulling {
  folder = "";
  server: TestServer | undefined;

  /** Makes folder and server anew for each test of a file. */
  constructor(test: typeof Test) {
    test.before.each(() => {
      this.folder = mkdtempSync(path.join(tmpdir(), "inctrl-hub-"));
    });
    test.after.each(async () => {
      await this.close();
      rmSync(this.folder, { recursive: true, force: true });
    });
  }

  async start(handler: Handler): Promise<TestServer> {
    this.server = await serve(handler);
    return this.server;
  }

  async close(): Promise<void> {
    await this.server?.close();
    this.server = undefined;
  }

  /** Pulls one file from a server that answers so. */
  async pull(handler: Handler, overrides: Partial<HubFile> = {}, options: PullOptions = {}) {
    const { url } = this.server ?? (await this.start(handler));
    return pullFile(weights(overrides), { cacheDir: this.folder, baseUrl: url, backoffMs: 1, ...options });
  }

  /** What lies in the cache. */
  stored(): string[] {
    const models = path.join(this.folder, "models");
    return existsSync(models) ? readdirSync(models).sort() : [];
  }

  /** The ranges that the server was asked for. */
  ranges(): (string | undefined)[] {
    return this.server!.seen.map(({ range }) => range);
  }
}

export const weights = (overrides: Partial<HubFile> = {}): HubFile => ({
  role: "weights",
  url: "https://example.org/release/w.bin",
  saveAs: "w.bin",
  sha256: sha256(BODY),
  maxBytes: 1_000_000,
  ...overrides,
});

/** The one-line error that some work must end with. */
export async function failure(work: Promise<unknown>): Promise<HubError> {
  try {
    await work;
  } catch (error) {
    assert.instance(error, HubError);
    const hubError = error as HubError;
    assert.not.match(hubError.message, "\n");
    return hubError;
  }
  throw new Error("it should have failed");
}
