import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { folderTests } from "@inctrl/testing";
import * as assert from "uvu/assert";
import { Ledger, type LedgerEntry, Sender, type SenderOptions, type Sink } from "../../src/index.js";

const test = folderTests("sender");

type Mode = "takes" | "fails" | "refuses" | "hangs";

/** A sink that takes entries as long as it is told to. */
function memory(mode: Mode = "takes"): Sink & { readonly told: string[]; mode: Mode; tries: number } {
  return {
    ...{ name: "memory", title: "memory", told: [] as string[], mode, tries: 0 },
    async send({ id }, signal) {
      this.tries++;
      if (this.mode === "fails") throw new Error("is dead");
      if (this.mode === "hangs")
        await new Promise((_, reject) =>
          signal.addEventListener("abort", () => reject(new Error("stopped"))),
        );
      if (this.mode === "refuses") return false;
      this.told.push(id);
      return true;
    },
    async close() {},
  };
}

const entry = (id: string, text = ""): LedgerEntry => ({
  id,
  kind: "part",
  time: "2026-01-02T03:04:05Z",
  text,
});
const FAST: SenderOptions = { waitMs: 20, longestMs: 80 };

async function until(what: string, check: () => boolean): Promise<void> {
  for (let tries = 0; !check(); tries++) {
    assert.ok(tries < 500, `${what} did not come`);
    await setTimeout(10);
  }
}

/** A sender from an empty ledger to a sink of a mode, and what it notes. */
async function openSender(dir: string, mode: Mode, options: SenderOptions = {}) {
  const [sink, notes] = [memory(mode), [] as string[]];
  const ledger = await Ledger.open(dir);
  const onNote = (text: string) => notes.push(text);
  const sender = await Sender.open(sink, ledger, dir, { ...FAST, onNote, ...options });
  return { sink, notes, ledger, sender, [Symbol.asyncDispose]: () => ledger[Symbol.asyncDispose]() };
}

/** Adds entries and tells the sender. */
async function add(ledger: Ledger, sender: Sender, ids: readonly string[], now?: Date): Promise<void> {
  await ledger.append(
    ids.map((id) => entry(id)),
    now,
  );
  sender.notify();
}

test("entries are told in their order over days and restarts, and a new sink begins at the end", async ({
  dir,
}) => {
  const sink = memory();
  {
    await using ledger = await Ledger.open(dir);
    await ledger.append([entry("before")], new Date("2026-01-01T00:00:00Z"));
    const sender = await Sender.open(sink, ledger, dir, FAST);
    await add(ledger, sender, ["a", "b"], new Date("2026-01-01T01:00:00Z"));
    await until("b", () => sink.told.length === 2);
    await sender.close();
    await ledger.append([entry("c")], new Date("2026-01-02T00:00:00Z"));
  }
  await using ledger = await Ledger.open(dir);
  const sender = await Sender.open(sink, ledger, dir, FAST);
  await add(ledger, sender, ["d"], new Date("2026-01-03T00:00:00Z"));
  await sender.close();
  assert.equal(sink.told, ["a", "b", "c", "d"]);
  assert.equal(sender.progress.sent, 4);
});

test("three failures open the breaker, and one entry closes it when the receiver is back", async ({
  dir,
}) => {
  await using given = await openSender(dir, "fails");
  const { sink, notes, ledger, sender } = given;
  await add(ledger, sender, ["a", "b", "c"]);
  await until("the breaker", () => sender.breaker === "open");
  assert.is(sink.tries, 3);
  assert.equal(notes, ["memory: is dead; entries wait in the ledger, and scoring goes on"]);
  // While it is open, more entries make no more tries.
  const { tries } = sink;
  for (let i = 0; i < 5; i++) await add(ledger, sender, [`more ${i}`]);
  assert.ok(sink.tries <= tries + 1, `${sink.tries}`);
  sink.mode = "takes";
  await until("all", () => sink.told.length === 8);
  assert.equal(sink.told.slice(0, 4), ["a", "b", "c", "more 0"]);
  assert.is(sender.breaker, "closed");
  assert.is(notes.at(-1), "memory: is back");
  await sender.close();
});

test("a sink that hangs keeps neither the ledger nor the end waiting", async ({ dir }) => {
  await using given = await openSender(dir, "hangs");
  const { sink, ledger, sender } = given;
  await add(ledger, sender, ["a"]);
  await until("the try", () => sink.tries === 1);
  const begun = performance.now();
  for (let i = 0; i < 100; i++) await ledger.append([entry(`${i}`)]);
  await sender.close(50);
  assert.ok(performance.now() - begun < 2000);
  assert.is(sender.progress.sent, 0);
});

test("an entry that is refused for good is counted and passed over", async ({ dir }) => {
  await using given = await openSender(dir, "refuses");
  const { sink, ledger, sender } = given;
  await add(ledger, sender, ["a"]);
  await until("the refusal", () => sender.progress.refused === 1);
  sink.mode = "takes";
  await add(ledger, sender, ["b"]);
  await sender.close();
  assert.equal(sink.told, ["b"]);
});

test("of more than may wait the oldest are passed over and counted, and long lines are read whole", async ({
  dir,
}) => {
  await using given = await openSender(dir, "fails", { most: 1_000_000 });
  const { sink, notes, ledger, sender } = given;
  sender.notify();
  for (let i = 0; i < 8; i++) await ledger.append([entry(`${i}`, "x".repeat(300_000))]);
  sender.notify();
  await until("the drop", () => sender.progress.dropped > 0);
  sink.mode = "takes";
  await until("the rest", () => sink.told.includes("7"));
  await sender.close();
  const { sent, dropped } = sender.progress;
  assert.is(sent + dropped, 8);
  assert.ok(sent <= 3, `${sent}`);
  assert.ok(notes.some((note) => note.includes("were passed over")));
});

test("progress that is damaged is begun anew", async ({ dir }) => {
  writeFileSync(join(dir, "memory.json"), '{"file":7}');
  await using ledger = await Ledger.open(dir);
  await ledger.append([entry("old")]);
  const sink = memory();
  const sender = await Sender.open(sink, ledger, dir, FAST);
  await add(ledger, sender, ["new"]);
  await sender.close();
  assert.equal(sink.told, ["new"]);
  assert.is(JSON.parse(readFileSync(join(dir, "memory.json"), "utf8")).sent, 1);
});

test.run();
