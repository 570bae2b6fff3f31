import type { Redis } from "ioredis";

/** What a worker says of itself now and then. */
export interface WorkerState {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly run: string;
  readonly chunk: string;
  readonly images: number;
  readonly failed: number;
  /** Images a second while it scored. */
  readonly rate: number;
  /** When it last said something, in milliseconds. */
  readonly at: number;
}

const KEY = "inctrl-workers";
const BEAT_MS = 5000;
/** Silence after which a worker counts as gone. */
const GONE_MS = 30_000;

/** Tells Redis that a worker lives, and what it has done. */
export class Heart implements AsyncDisposable {
  readonly #redis: Redis;
  readonly #id: string;
  readonly #timer: NodeJS.Timeout;
  #state: Omit<WorkerState, "at">;
  #seconds = 0;

  constructor(redis: Redis, host: string) {
    this.#redis = redis;
    this.#id = `${host}-${process.pid}`;
    this.#state = { id: this.#id, host, pid: process.pid, run: "", chunk: "", images: 0, failed: 0, rate: 0 };
    this.#timer = setInterval(() => void this.#beat(), BEAT_MS);
    void this.#beat();
  }

  done({
    seconds,
    ...now
  }: {
    run: string;
    chunk: string;
    images: number;
    failed: number;
    seconds: number;
  }): void {
    this.#seconds += seconds;
    const images = this.#state.images + now.images;
    const failed = this.#state.failed + now.failed;
    this.#state = {
      ...this.#state,
      run: now.run,
      chunk: now.chunk,
      images,
      failed,
      rate: images / this.#seconds,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    if (this.#redis.status === "ready") await this.#redis.hdel(KEY, this.#id).catch(() => {});
  }

  async #beat(): Promise<void> {
    if (this.#redis.status !== "ready") return;
    await this.#redis.hset(KEY, this.#id, JSON.stringify({ ...this.#state, at: Date.now() })).catch(() => {});
  }
}

/** The workers that live. Those that are silent are forgotten. */
export async function liveWorkers(redis: Redis): Promise<WorkerState[]> {
  const found: WorkerState[] = [];
  for (const [id, text] of Object.entries(await redis.hgetall(KEY))) {
    const state = JSON.parse(text) as WorkerState;
    if (Date.now() - state.at < GONE_MS) found.push(state);
    else await redis.hdel(KEY, id);
  }
  return found;
}
