import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Memory, TaskName, Tasks } from "../task.js";

export type Order =
  | { do: "prepare"; work: number; task: TaskName; sizes: Tasks[TaskName] }
  | { do: "run"; work: number; times: number }
  | { do: "output"; work: number; at: Uint32Array; size: number }
  | { do: "memory" | "dispose"; work: number };

export interface Answer {
  value: number | Float32Array | Memory | null;
  error?: string;
}

const WORKER = fileURLToPath(new URL("worker.ts", import.meta.url));
/** Limit of a single order; a peer that exceeds it hangs. */
const LIMIT_MS = 600_000;
const REMEMBERED_ERROR_BYTES = 4000;

/** The process of a library, started at the first order and again after a crash. */
export class PeerProcess {
  readonly name: string;
  #child: ChildProcess | null = null;
  #complaints = "";
  #count = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** Puts operands on the device. @throws Error with the peer's message where that fails. */
  async prepare<Name extends TaskName>(task: Name, sizes: Tasks[Name]): Promise<PeerWork> {
    const work = this.#count++;
    this.#child ??= this.#start();
    const child = this.#child;
    const ask = (order: Order) => {
      // Work that a crash lost is not prepared in the next process.
      if (this.#child !== child) throw new Error("its process has ended");
      return this.#order(child, order);
    };
    const known = await ask({ do: "prepare", work, task, sizes });
    return {
      work: known as number | null,
      run: async (times) => (await ask({ do: "run", work, times })) as number,
      output: async (at, size) => (await ask({ do: "output", work, at, size })) as Float32Array | null,
      memory: async () => (await ask({ do: "memory", work })) as Memory | null,
      dispose: async () => void (await ask({ do: "dispose", work })),
    };
  }

  stop(): void {
    this.#child?.kill("SIGKILL");
    this.#child = null;
  }

  #start(): ChildProcess {
    this.#complaints = "";
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

  #order(child: ChildProcess, order: Order): Promise<Answer["value"]> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        clearTimeout(timer);
        child.off("message", onMessage);
        child.off("exit", onExit);
        settle();
      };
      const onMessage = ({ value, error }: Answer) =>
        end(() => (error === undefined ? resolve(value) : reject(new Error(error))));
      const onExit = (code: number | null, signal: string | null) => {
        const said = /^\w*Error: .*$/m.exec(this.#complaints)?.[0];
        end(() => reject(new Error(said ?? `its process ended with ${signal ?? code}`)));
      };
      const timer = setTimeout(() => {
        this.stop();
        end(() => reject(new Error(`no answer within ${LIMIT_MS / 1000} s`)));
      }, LIMIT_MS);
      child.on("message", onMessage);
      child.on("exit", onExit);
      child.send(order, (error) => error && end(() => reject(error)));
    });
  }
}

/** Work prepared in a peer's process. */
export interface PeerWork {
  /** Billions of operations or bytes of a run, where the peer decides. */
  readonly work: number | null;
  /** Runs this many times in a row. @returns the milliseconds of one run. */
  run(times: number): Promise<number>;
  /** Values at some places of the result, which must have `size`. */
  output(at: Uint32Array, size: number): Promise<Float32Array | null>;
  memory(): Promise<Memory | null>;
  dispose(): Promise<void>;
}
