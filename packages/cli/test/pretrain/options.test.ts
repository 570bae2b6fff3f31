import { test } from "uvu";
import * as assert from "uvu/assert";
import { CliError } from "../../src/errors.js";
import { readPretrainSettings } from "../../src/pretrain/options.js";

async function refusal(given: Record<string, unknown>): Promise<string> {
  try {
    await readPretrainSettings(given);
  } catch (error) {
    assert.instance(error, CliError);
    return (error as Error).message;
  }
  throw new Error("it should have been refused");
}

test("what is given comes before the defaults", async () => {
  const { batch, pool, out, minutes, resume } = await readPretrainSettings({ batch: 8 });
  assert.equal([batch, pool, out, minutes, resume], [8, 16381, "pretrain-out", undefined, false]);
});

test("settings that cannot be are refused by name", async () => {
  assert.match(await refusal({ pool: 8 }), /^--pool: give a prime number/);
  assert.match(await refusal({ batch: 6 }), /^--batch: give a multiple of --group/);
  assert.match(await refusal({ group: 10 }), /^--batch: give a multiple of --group/);
  assert.match(await refusal({ group: 5 }), /^--group: give an even number/);
  assert.match(await refusal({ batch: 1 }), /^--batch: give a whole number/);
  assert.match(await refusal({ warmUp: -1 }), /^--warm-up: /);
});

test.run();
