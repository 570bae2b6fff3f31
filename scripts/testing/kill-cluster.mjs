// Kills workers and Redis at random moments, and holds the merged run against that of one process.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { generator } from "@inctrl/testing";
import { ROOT, TYPESCRIPT } from "../workspace.mjs";

const SUPPORT = "../../packages/cluster/test/support";
const CHUNK = 10;
/** Milliseconds that an image takes, so that a worker is at work when it is killed. */
const IMAGE_MS = 20;
/** Milliseconds after which a run that does not end is a fault. */
const PATIENCE_MS = 600_000;

/** An image that kills its worker, a device that hangs once, a Redis that loses its data, and a disk that is full for a while. */
const SPECIAL = ["poison", "hang", "lost data", "full disk"];

/**
 * Kills workers at so many moments, each while it has jobs in hand, and Redis at a fifth of them.
 *
 * @param special what happens besides, each in a round of its own.
 * @param images images of a round.
 * @returns a line for each run whose merged file is not that of one process; null where there is no redis-server.
 */
export async function killCluster(
  points,
  { seed = 1, special = SPECIAL, images = 300, note = () => {} } = {},
) {
  const { hasRedis, RedisServer } = await import("@inctrl/testing/redis");
  if (!hasRedis()) return null;
  const random = generator(seed);
  const problems = [];
  const kinds = [...special];
  for (let killed = 0; killed < points || kinds.length > 0; ) {
    const folder = mkdtempSync(path.join(tmpdir(), "inctrl-kill-cluster-"));
    const kind = kinds.shift() ?? "kills";
    const small = kind === "full disk" ? mountSmall(path.join(folder, "runs")) : false;
    if (kind === "full disk" && !small)
      note("skipped: a full disk, for no small file system can be mounted here");
    const server = await RedisServer.start(folder);
    try {
      const round = new Round({ folder, server, kind, random, images });
      const problem = await round.run(Math.max(special.length > 0 ? 3 : 1, Math.min(points - killed, 10)));
      killed += round.kills;
      note(
        `${killed} of ${points} kills: ${kind}, ${round.told}: ${problem ?? "the same bytes as one process"}`,
      );
      if (problem) problems.push(`${kind}: ${problem}`);
    } finally {
      await server.kill();
      if (small) spawnSync("umount", [path.join(folder, "runs")]);
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return problems;
}

/** Mounts a file system that holds less than the run, where that is allowed. */
function mountSmall(folder) {
  mkdirSync(folder, { recursive: true });
  return spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]).status === 0;
}

/** A run of its own, from submitting to merging. It ends early where all is scored before the last kill. */
class Round {
  kills = 0;
  #redisKills = 0;
  #ends = 0;
  /** The workers that live, and those of them that have jobs in hand. */
  #children = new Set();
  #busy = new Set();
  #over = false;

  constructor(given) {
    Object.assign(this, given);
    this.runs = path.join(this.folder, "runs");
  }

  get told() {
    return `${this.kills} workers and Redis ${this.#redisKills} times killed, ${this.#ends} workers ended by themselves`;
  }

  async run(kills) {
    const [{ folderStore, mergeRows, missingChunks }, support, cluster] = await Promise.all([
      import("../../packages/cluster/src/index.ts"),
      import(`${SUPPORT}/runs.ts`),
      import("../../packages/cluster/src/queue/index.ts"),
    ]);
    const images = support.names(this.images);
    if (this.kind === "poison") images[137] = "/archive/poison.png";
    if (this.kind === "hang") images[42] = "/archive/hang.png";
    const store = folderStore(path.join(this.runs, "run"));
    const { run, chunks } = await support.makeRun(store, images, CHUNK);
    const queue = async (job) => {
      const opened = await cluster.openQueue(cluster.readRedis(this.server.address), () => {});
      try {
        return await job(opened);
      } finally {
        await opened[Symbol.asyncDispose]();
      }
    };
    const submit = async () => {
      const missing = new Set(await missingChunks(store));
      const left = chunks.filter(({ index }) => missing.has(index));
      await queue(async (opened) => {
        await cluster.retryDead(store, "run", opened, true);
        await cluster.addMessages(opened.queue, cluster.messagesOf("run", left));
      });
    };
    const failing = () => queue((opened) => opened.queue.getDelayedCount());
    const done = async () => (await missingChunks(store)).length === 0;
    await submit();
    const workers = [this.#keep(), this.#keep()];
    try {
      await this.#disturb(kills, { submit, failing, done });
      if (this.kind === "lost data" && this.#redisKills === 0) return "it ended before Redis lost anything";
      for (let begun = Date.now(); !(await done()); ) {
        if (Date.now() - begun > PATIENCE_MS) return `chunks ${await missingChunks(store)} do not come`;
        await setTimeout(500);
        await submit();
      }
    } finally {
      this.#over = true;
      for (const child of this.#children) child.kill("SIGTERM");
      await Promise.all(workers);
    }
    const [lines, failures] = [[], []];
    await mergeRows(store, run, {
      line: (text) => void lines.push(text),
      failure: ({ image }) => void failures.push(image),
    });
    const whole = support.expected(images.filter((image) => !image.includes("poison")));
    if (lines.join("\n") !== whole.join("\n")) return "the merged lines differ";
    const bad = images.filter((image) => /bad|poison/.test(image));
    if (failures.join("\n") !== bad.join("\n")) return "other images failed";
    const left = readdirSync(path.join(this.runs, "run/results")).length - chunks.length;
    return left === 0 || !existsSync(this.runs) ? undefined : `${left} files are left behind`;
  }

  /** Kills workers that have jobs in hand, some milliseconds apart, until all is scored. */
  async #disturb(kills, { submit, failing, done }) {
    if (this.kind === "full disk") await this.#fillDisk(failing);
    while (this.kills < kills && !(await done())) {
      await setTimeout(100 + this.random() * 900);
      while (this.#busy.size === 0 && !(await done())) await setTimeout(20);
      const busy = [...this.#busy];
      if (!busy[Math.floor(this.random() * busy.length)]?.kill("SIGKILL")) continue;
      this.kills++;
      if (this.kind === "lost data" && this.kills === 2) await this.#killRedis(false, submit);
      else if (this.kills % 5 === 4) await this.#killRedis(true, submit);
    }
  }

  async #killRedis(data, submit) {
    await this.server.kill({ data });
    this.#redisKills++;
    await setTimeout(this.random() * 300);
    await this.server.start();
    if (!data) await submit();
  }

  /** Fills the disk until a chunk could not be written. */
  async #fillDisk(failing) {
    const filler = path.join(this.runs, "filler");
    spawnSync("dd", ["if=/dev/zero", `of=${filler}`, "bs=1k", "count=1024"]);
    for (const begun = Date.now(); (await failing()) === 0; ) {
      if (Date.now() - begun > PATIENCE_MS) throw new Error("the disk is full, and no chunk fails");
      await setTimeout(100);
    }
    rmSync(filler, { force: true });
  }

  /** Starts a worker again whenever it ends, as a supervisor does. */
  async #keep() {
    const main = path.join(ROOT, "packages/cluster/test/support/worker-child.ts");
    while (!this.#over) {
      const args = [...TYPESCRIPT, main, this.server.address, this.runs, String(IMAGE_MS)];
      const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] });
      this.#children.add(child);
      // A worker says when it takes jobs, and when it has none.
      child.stdout.setEncoding("utf8").on("data", (text) => {
        if (text.trimEnd().endsWith("busy")) this.#busy.add(child);
        else this.#busy.delete(child);
      });
      await once(child, "exit");
      this.#children.delete(child);
      this.#busy.delete(child);
      if (!child.killed && !this.#over) this.#ends++;
    }
  }
}
