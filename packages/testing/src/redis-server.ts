import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

/** Servers that speak Redis' protocol. */
export type RedisProgram = "redis-server" | "valkey-server";

/** Whether redis-server is installed (`apt-get install redis-server`), or Valkey's (`valkey-server`, in Debian's backports). */
export const hasRedis = (program: RedisProgram = "redis-server"): boolean =>
  spawnSync(program, ["--version"]).error === undefined;

/** A real redis-server on a Unix socket, which keeps its data in a folder. */
export class RedisServer implements AsyncDisposable {
  readonly #folder: string;
  readonly #program: RedisProgram;
  #child: ChildProcess | null = null;

  private constructor(folder: string, program: RedisProgram) {
    this.#folder = folder;
    this.#program = program;
  }

  static async start(
    folder: string,
    args: readonly string[] = [],
    program: RedisProgram = "redis-server",
  ): Promise<RedisServer> {
    const server = new RedisServer(folder, program);
    await server.start(args);
    return server;
  }

  get socket(): string {
    return join(this.#folder, "redis.sock");
  }

  get address(): string {
    return `unix:${this.socket}`;
  }

  async start(args: readonly string[] = []): Promise<void> {
    const data = join(this.#folder, "data");
    await mkdir(data, { recursive: true });
    const common = [
      "--port",
      "0",
      "--unixsocket",
      this.socket,
      "--dir",
      data,
      "--appendonly",
      "yes",
      "--save",
      "",
    ];
    this.#child = spawn(this.#program, [...common, "--maxmemory-policy", "noeviction", ...args], {
      stdio: "ignore",
    });
    for (let tries = 0; !(await isListening(this.socket)); tries++) {
      if (tries > 3000) throw new Error(`${this.#program} does not start`);
      await setTimeout(10);
    }
  }

  /** Kills it as a lost machine would, with or without its data. */
  async kill({ data = true } = {}): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null) return;
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    rmSync(this.socket, { force: true });
    if (!data) rmSync(join(this.#folder, "data"), { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

/** Whether a process listens on a Unix socket. The file alone says nothing: it is there a moment earlier. */
const isListening = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path);
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });

/** A port that nothing listens on at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
