// Kills a watched folder's process at random moments, and starts it again: every picture must end in one place, told once.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  watch,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { generator } from "@inctrl/testing";
import { ROOT, TYPESCRIPT } from "../workspace.mjs";

/** Pictures of a point, and kinds of them: some are alike, and some are none. */
const PICTURES = 40;

/**
 * Kills watches at so many moments, two or more times for the same pictures now and then.
 *
 * @param note takes a line of progress.
 * @returns a line for each point that lost, doubled or changed a picture.
 */
export async function killWatches(points, { seed = 1, note = () => {} } = {}) {
  const { picture } = await import("../../packages/server/test/support/scorer.ts");
  const random = generator(seed);
  const problems = [];
  const events = await undisturbed(picture);
  for (let point = 1; point <= points; ) {
    const folder = mkdtempSync(path.join(tmpdir(), "inctrl-kill-watch-"));
    try {
      const [from, out] = ["in", "out"].map((name) => path.join(folder, name));
      const given = arrive(from, picture);
      const moments = [];
      // Every third set of pictures is killed twice: what a restart does must survive a kill too.
      for (let kill = 0; kill <= Number(point % 3 === 0) && point <= points; kill++, point++) {
        const event = 1 + Math.floor(random() * events);
        const ended = await run(from, out, { event, after: random() * 20 });
        moments.push(ended.killed ? `killed at change ${event}` : `ended before change ${event}`);
      }
      const last = await run(from, out, {});
      const problem =
        last.code === 0
          ? differenceOf(given, from, out)
          : `the next run ends with ${last.code}: ${last.stderr}`;
      note(
        `point ${point - 1} of ${points}: ${moments.join(", ")}: ${problem ?? "nothing lost, nothing doubled"}`,
      );
      if (problem) problems.push(`${moments.join(", ")}: ${problem}`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return problems;
}

/** The changes that a whole run makes. */
async function undisturbed(picture) {
  const folder = mkdtempSync(path.join(tmpdir(), "inctrl-kill-watch-"));
  try {
    const [from, out] = ["in", "out"].map((name) => path.join(folder, name));
    const given = arrive(from, picture);
    const { code, stderr, events } = await run(from, out, {});
    const problem = code === 0 ? differenceOf(given, from, out) : stderr;
    if (problem) throw new Error(`the watch fails by itself: ${problem}`);
    return events;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Writes the pictures. @returns the sum of each by its name. */
function arrive(from, picture) {
  mkdirSync(from);
  const given = new Map();
  for (let i = 0; i < PICTURES; i++) {
    const bytes = i % 10 === 9 ? Buffer.from(`no picture ${i}`) : picture((i * 37) % 120);
    const name = `${String(i).padStart(3, "0")}.png`;
    writeFileSync(path.join(from, name), bytes);
    given.set(name, sumOf(bytes));
  }
  return given;
}

const sumOf = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** Runs the watch, and kills it some milliseconds after a change in its folders. */
async function run(from, out, { event, after }) {
  mkdirSync(out, { recursive: true });
  const child = spawn(
    process.execPath,
    [...TYPESCRIPT, path.join(ROOT, "packages/server/test/support/watch-child.ts"), from, out],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  let events = 0;
  let timer;
  const changed = () => {
    if (++events === event) timer = setTimeout(() => child.kill("SIGKILL"), after);
  };
  const watchers = [from, out].map((folder) =>
    watch(folder, { recursive: true }, changed).on("error", () => {}),
  );
  const [code, signal] = await once(child, "close");
  clearTimeout(timer);
  for (const each of watchers) each.close();
  return {
    code,
    killed: signal === "SIGKILL",
    events,
    stderr: stderr.trim().split("\n").slice(-12).join("\n"),
  };
}

/** How the places of pictures and the ledger differ from what they must be; undefined where they do not. */
function differenceOf(given, from, out) {
  const left = [from, path.join(out, ".claimed")].flatMap((folder) => readdirSync(folder));
  if (left.length > 0) return `${left.join(", ")} left`;
  const places = ["ok", "review", "ng", "error"].flatMap((folder) =>
    readdirSync(path.join(out, folder)).map((name) => ({ name, to: `${folder}/${name}` })),
  );
  if (places.length !== given.size) return `${places.length} pictures of ${given.size}`;
  const entries = ledgerOf(out);
  const parts = entries.filter(({ kind }) => kind === "part");
  const [ids, names] = [parts.map(({ id }) => id), parts.map(({ image }) => image)];
  if (new Set(ids).size !== given.size || parts.length !== given.size)
    return `${parts.length} lines for ${given.size} pictures`;
  if (new Set(names).size !== given.size) return "a picture has two lines";
  const scored = new Set();
  for (const { id, image, sha256, to, repeat_of: first, verdict } of parts) {
    const where = entries.findLast((entry) => entry.id === id && entry.to !== undefined).to;
    const file = path.join(out, where);
    if (!existsSync(file)) return `${image} is not in ${where}`;
    if (sumOf(readFileSync(file)) !== sha256 || given.get(image) !== sha256) return `${to} has other bytes`;
    if (first === undefined && verdict !== "ERROR") {
      if (scored.has(sha256)) return `${image} was scored twice`;
      scored.add(sha256);
    }
  }
  return undefined;
}

const ledgerOf = (out) =>
  readdirSync(path.join(out, "ledger"))
    .sort()
    .flatMap((name) =>
      readFileSync(path.join(out, "ledger", name), "utf8")
        .split("\n")
        .filter(Boolean),
    )
    .map((line) => JSON.parse(line));
