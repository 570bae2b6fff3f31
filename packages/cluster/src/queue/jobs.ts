import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { type Job, UnrecoverableError, Worker } from "bullmq";
import { checkMessage, type Message, QUEUE } from "./message.js";
import type { RedisPlace } from "./redis.js";

/** Times that a chunk may end its worker. */
export const STALLS = 3;

/** Milliseconds before a queue that failed is asked again. */
const AGAIN_MS = 1000;

/** A job that this worker holds. Its lock is renewed until it is settled, in one of three ways, none of which fails. */
export interface Held {
  readonly job: Job<Message>;
  readonly message: Message;
  /** Whether it may be one that ends its workers: it was in the hands of one that ended. */
  readonly suspect: boolean;
  complete(): Promise<void>;
  /** It is tried again later, or given up. */
  fail(error: Error): Promise<void>;
  /** Another worker may take it. */
  giveBack(): Promise<void>;
}

export interface JobsOptions {
  readonly redis: RedisPlace;
  readonly lockMs: number;
  readonly onNote: (text: string) => void;
  /** Told of a job that has failed, whether or not it is tried again. */
  readonly onFailed: (job: Job<Message>, error: Error) => Promise<void>;
}

/** Takes jobs from the queue one by one, so that a worker may hold the next one while it scores the last. */
export class Jobs implements AsyncDisposable {
  readonly #worker: Worker<Message>;
  readonly #options: JobsOptions;
  readonly #token = randomUUID();
  readonly #held = new Set<Held>();
  readonly #noted = new Set<string>();
  #taking: Promise<Held | null> | null = null;
  #closed = false;

  private constructor(options: JobsOptions) {
    this.#options = options;
    const { redis, lockMs } = options;
    this.#worker = new Worker<Message>(QUEUE, null, {
      connection: { ...redis.options, skipVersionCheck: true },
      ...{ autorun: false, lockDuration: lockMs, stalledInterval: lockMs, maxStalledCount: STALLS - 1 },
    });
    this.#worker.on("error", ({ message }) => this.#note(message));
  }

  static open(options: JobsOptions): Jobs {
    const jobs = new Jobs(options);
    // Gives jobs of workers that have ended to others. It looks as long as Redis is away, too.
    void jobs.#worker.startStalledCheckTimer().catch(({ message }: Error) => jobs.#note(message));
    return jobs;
  }

  /** The next job; null where none comes for some seconds. */
  async take(): Promise<Held | null> {
    this.#taking ??= this.#next(true);
    const held = await this.#taking;
    this.#taking = null;
    return held;
  }

  /** The next job if there is one at once. One that comes later is what is taken next. */
  async ready(ms: number): Promise<Held | null> {
    this.#taking ??= this.#next(false);
    const late = Symbol();
    const held = await Promise.race([this.#taking, setTimeout(ms, late, { ref: false })]);
    if (held === late) return null;
    this.#taking = null;
    return held as Held | null;
  }

  /** Gives back what is held. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await Promise.race([this.#worker.close(true), setTimeout(5000, undefined, { ref: false })]);
  }

  /** Gives back all jobs that are not settled. */
  async giveBackAll(): Promise<void> {
    await Promise.all([...this.#held].map((held) => held.giveBack()));
  }

  async #next(block: boolean): Promise<Held | null> {
    while (!this.#closed) {
      try {
        const job = await this.#worker.getNextJob(this.#token, { block });
        if (!job) return null;
        const held = await this.#hold(job);
        if (held !== null && !this.#closed) return held;
        await held?.giveBack();
      } catch (error) {
        if (this.#closed) return null;
        this.#note((error as Error).message);
        await setTimeout(AGAIN_MS, undefined, { ref: false });
      }
    }
    return null;
  }

  /** Holds a job that was taken; null for one that is given up at once. */
  async #hold(job: Job<Message>): Promise<Held | null> {
    const { lockMs, onFailed, onNote } = this.#options;
    const token = this.#token;
    const renewing = setInterval(() => void job.extendLock(token, lockMs).catch(() => {}), lockMs / 2);
    const settle = async (action: () => Promise<unknown>) => {
      clearInterval(renewing);
      this.#held.delete(held);
      await action().catch(({ message }: Error) => {
        // Another worker may have taken it meanwhile, or Redis has lost it: the files tell what is done.
        if (/^Missing (lock|key)/.test(message))
          onNote(`${job.id}: its lock was lost; it may be scored twice`);
        else this.#note(message);
      });
    };
    const fail = (error: Error) =>
      settle(async () => {
        await job.moveToFailed(error, token, false);
        await onFailed(job, error);
      });
    const held: Held = {
      job,
      message: job.data,
      suspect: job.stalledCounter > 0 || job.data?.split === true,
      complete: () => settle(() => job.moveToCompleted(undefined, token, false)),
      fail,
      giveBack: () => settle(() => job.moveToWait(token)),
    };
    this.#held.add(held);
    try {
      if (job.deferredFailure) throw new UnrecoverableError(job.deferredFailure);
      checkMessage(job.data);
      return held;
    } catch (error) {
      await fail(error as Error);
      return null;
    }
  }

  #note(message: string): void {
    if (this.#noted.has(message) || this.#closed) return;
    this.#noted.add(message);
    this.#options.onNote(`the queue: ${message}; it is tried again`);
  }
}
