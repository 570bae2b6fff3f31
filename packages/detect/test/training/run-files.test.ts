import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Device,
  nn,
  openSafetensors,
  optim,
  type StoredTensor,
  tensor,
  writeSafetensors,
} from "@inctrl/tensor";
import { throwsCode } from "@inctrl/testing";
import { deviceTests } from "@inctrl/testing/device";
import * as assert from "uvu/assert";
import { TrainingState } from "../../src/training/checkpoint.js";
import { RunFiles } from "../../src/training/run-files.js";

const test = deviceTests("files of a run");
const IDENTITY = { seed: "1" };

interface Step {
  readonly step: number;
  readonly loss: number;
}

interface Validation {
  readonly step: number;
  readonly hold_out: object;
}

/** Runs a job with a small state, and ends it. */
async function withState<T>(device: Device, run: (state: TrainingState, step: () => void) => Promise<T>) {
  const layer = new nn.Linear(2, 1, { bias: false }).to(device);
  const optimizer = new optim.Adam(layer.parameters(), { lr: 0.1 });
  const state = new TrainingState({ layer }, { optimizer });
  const step = () => {
    using gradient = tensor(device, Float32Array.of(1, 1), [1, 2]);
    optimizer.step([gradient]);
  };
  try {
    return await run(state, step);
  } finally {
    state.dispose();
  }
}

/** Opens the files of a run to be resumed. @returns what it holds, and what was said. */
const resume = (device: Device, folder: string) =>
  withState(device, async (state) => {
    const said: string[] = [];
    const onNote = (text: string) => said.push(text);
    const files = await RunFiles.open<Step, Validation>(folder, state, {
      ...{ identity: IDENTITY, curves: [], resume: true, onNote },
    });
    return { saved: files.saved, steps: files.steps.map(({ step }) => step), said };
  });

/**
 * Writes a run of four steps with a validation after the last, saved after the second and the last step but for `unsaved`.
 *
 * @returns its folder, log and checkpoint.
 */
async function runIn(out: string, device: Device, unsaved = 0) {
  await withState(device, async (state, step) => {
    const files = await RunFiles.open<Step, Validation>(out, state, {
      ...{ identity: IDENTITY, curves: [] },
    });
    for (let i = 1; i <= 4; i++) {
      step();
      await files.add({ step: i, loss: 1 / i });
      if (i === 4) await files.add({ step: i, hold_out: {} });
      if (i % 2 === 0 && i <= 4 - unsaved) await files.save();
    }
  });
  return { out, log: join(out, "metrics.jsonl"), checkpoint: join(out, "checkpoint.safetensors") };
}

/** Writes a checkpoint without checksums, as earlier versions did, with a change. */
async function rewrite(path: string, change: (tensors: Record<string, StoredTensor>) => void = () => {}) {
  const file = await openSafetensors(path);
  const tensors: Record<string, StoredTensor> = {};
  for (const { name, shape, dtype } of file.tensors.values())
    tensors[name] = { dtype, shape, data: await file.readFloat32(name) };
  const { sum: _, sums: __, ...metadata } = file.metadata;
  await file.close();
  change(tensors);
  await writeSafetensors(path, tensors, metadata);
}

test("a run goes on where its checkpoint is, whatever follows in its log", async ({ device, folder }) => {
  const { out, log } = await runIn(join(folder, "whole"), device, 2);
  writeFileSync(log, `${readFileSync(log, "utf8")}{"step":9,"loss":1}\n\0\0{"st`);
  assert.equal(await resume(device, out), { saved: 2, steps: [1, 2], said: [] });
  assert.is(readFileSync(log, "utf8").split("\n").length, 3);
});

test("a log that is not what was written beside its checkpoint is refused by file and line", async ({
  device,
  folder,
}) => {
  const { out, log } = await runIn(join(folder, "log"), device);
  const text = readFileSync(log, "utf8");
  const lines = text.trimEnd().split("\n");
  const cases: [damage: string, line: number][] = [
    [text.replace('"step":3', '"step":4'), 3],
    [lines.slice(0, 3).join("\n").concat("\n"), 4],
    [[lines[0], ...lines.slice(2)].join("\n").concat("\n"), 2],
    [lines.slice(0, 4).join("\n").concat("\n"), 5],
    ["", 1],
    [text.slice(0, -3), 5],
  ];
  for (const [damage, line] of cases) {
    writeFileSync(log, damage);
    await throwsCode(
      () => resume(device, out),
      "checkpoint",
      new RegExp(`metrics\\.jsonl: line ${line} is not what was written beside the checkpoint of step 4`),
    );
    assert.is(readFileSync(log, "utf8"), damage, "left as it is");
  }
});

test("a pipe in place of the log is refused at once", async ({ device, folder }) => {
  if (process.platform === "win32") return;
  const { out, log } = await runIn(join(folder, "pipe"), device);
  rmSync(log);
  execFileSync("mkfifo", [log]);
  await throwsCode(() => resume(device, out), "not-a-file", /metrics\.jsonl: this is no file but a pipe/);
});

test("a checkpoint with a flipped bit, of another step or run, or with NaN is refused", async ({
  device,
  folder,
}) => {
  const { out, checkpoint } = await runIn(join(folder, "checkpoint"), device);
  const sound = readFileSync(checkpoint);
  for (let at = 0; at < sound.length; at += 13) {
    const bytes = Buffer.from(sound);
    bytes[at] ^= 1 << (at % 8);
    writeFileSync(checkpoint, bytes);
    await throwsCode(() => resume(device, out), "checkpoint", /checkpoint\.safetensors: /);
  }
  const other = Buffer.from(sound);
  other.write('"step":"2"', other.indexOf('"step":"4"'));
  writeFileSync(checkpoint, other);
  await throwsCode(() => resume(device, out), "checkpoint", /its header is not what was written/);
  writeFileSync(checkpoint, sound);
  await rewrite(checkpoint, (tensors) => {
    tensors["layer.weight"].data[1] = Number.NaN;
  });
  await throwsCode(() => resume(device, out), "checkpoint", /values in layer\.weight that are not finite/);
});

test("a checkpoint without checksums loads, and that is said once", async ({ device, folder }) => {
  const { out, checkpoint, log } = await runIn(join(folder, "old"), device);
  await rewrite(checkpoint);
  writeFileSync(log, readFileSync(log, "utf8").replace(/,"sum":"\w+"/g, ""));
  const { said, ...rest } = await resume(device, out);
  assert.equal(rest, { saved: 4, steps: [1, 2, 3, 4] });
  assert.is(said.length, 1);
  assert.match(said[0], /checkpoint\.safetensors: is of a version without checksums/);
});

test("a state that is not finite is never saved; the last good checkpoint is named", async ({
  device,
  folder,
}) => {
  const out = join(folder, "diverged");
  await withState(device, async (state, step) => {
    const files = await RunFiles.open<Step, Validation>(out, state, {
      ...{ identity: IDENTITY, curves: [] },
    });
    step();
    await files.add({ step: 1, loss: 1 });
    await files.save();
    const [[, weight]] = state.tensors();
    const spoilt = new Map(
      [...state.tensors()].map(([name, value]) => {
        const data = new Float32Array(value.size).fill(value === weight ? Number.NaN : 0);
        return [name, tensor(device, data, value.shape)];
      }),
    );
    state.restore(1, spoilt);
    for (const check of [() => files.checkFinite(), () => files.save()])
      await throwsCode(
        () => files.guard(check),
        "diverged",
        /step 1: layer\.weight is no longer finite; .*the last good checkpoint is .*, after step 1$/,
      );
  });
  assert.equal((await resume(device, out)).saved, 1);
});

test.run();
