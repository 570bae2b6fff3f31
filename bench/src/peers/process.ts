import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as after } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Memory, TaskName, Tasks } from "../task.js";

/** Work prepared in a peer's process. */
export interface PeerWork {
  /** Billions of operations or bytes of a run, where the peer decides. */
  readonly work?: number;
  /** Runs this many times in a row. @returns the milliseconds of one run. */
  run(times: number): Promise<number>;
  /** Values at some places of the result, which must have `size`. */
  output(at: Uint32Array, size: number): Promise<Float32Array | undefined>;
  memory(): Promise<Memory | undefined>;
  dispose(): Promise<void>;
}

/** An answer, and the processor time that the process has taken so far. */
export type Answer = { value?: unknown; error?: string; processorMs: number };

const WORKER = fileURLToPath(new URL("worker.ts", import.meta.url));
/** Limit of a single order; a peer that exceeds it hangs. */
const LIMIT_MS = 600_000;
const REMEMBERED_ERROR_BYTES = 4000;

/** The process of a library, started at the first order and again after a crash. It gets one order at a time. */
export class PeerProcess {
  readonly name: string;
  #child: ChildProcess | null = null;
  #complaints = "";
  #count = 0;
  /** Processor time of earlier processes, and of the present one at its last answer. */
  #ended = 0;
  #current = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** Milliseconds of processor time that it has taken, up to its last answer. */
  get processorMs(): number {
    return this.#ended + this.#current;
  }

  /** Puts operands on the device. @throws Error with the peer's message where that fails. */
  async prepare<Name extends TaskName>(task: Name, sizes: Tasks[Name]): Promise<PeerWork> {
    const id = this.#count++;
    this.#child ??= this.#start();
    const child = this.#child;
    const ask = async <T>(method: string, ...given: unknown[]): Promise<T> => {
      // Work that a crash lost is not prepared in the next process.
      if (this.#child !== child) throw new Error("its process has ended");
      return (await this.#order(child, [method, id, ...given])) as T;
    };
    return {
      work: await ask("prepare", task, sizes),
      run: (times) => ask("run", times),
      output: (at, size) => ask("output", at, size),
      memory: () => ask("memory"),
      dispose: () => ask("dispose"),
    };
  }

  stop(): void {
    this.#child?.kill("SIGKILL");
    this.#child = null;
  }

  #start(): ChildProcess {
    this.#complaints = "";
    this.#ended += this.#current;
    this.#current = 0;
    const child = fork(WORKER, [this.name], {
      serialization: "advanced",
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    const gone = () => {
      if (this.#child === child) this.#child = null;
    };
    child.on("exit", gone).on("error", gone);
    child.stderr?.on("data", (chunk) => {
      this.#complaints = (this.#complaints + chunk).slice(-REMEMBERED_ERROR_BYTES);
    });
    return child;
  }

  async #order(child: ChildProcess, order: unknown[]): Promise<unknown> {
    const done = new AbortController();
    const { signal } = done;
    const ended = once(child, "exit", { signal }).then(([code, by]) => {
      const said = /^\w*Error: .*$/m.exec(this.#complaints)?.[0];
      throw new Error(said ?? `its process ended with ${by ?? code}`);
    });
    const late = after(LIMIT_MS, undefined, { signal }).then(() => {
      this.stop();
      throw new Error(`no answer within ${LIMIT_MS / 1000} s`);
    });
    try {
      const answered = once(child, "message", { signal }) as Promise<[Answer]>;
      child.send(order);
      const [answer] = await Promise.race([answered, ended, late]);
      this.#current = answer.processorMs;
      if (answer.error !== undefined) throw new Error(answer.error);
      return answer.value;
    } finally {
      done.abort();
    }
  }
}
