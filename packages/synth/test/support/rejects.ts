import { DatasetError } from "@inctrl/datasets";
import * as assert from "uvu/assert";

/** Asserts a rejection or throw with this code whose message is one line and matches `says`. */
export async function rejects(action: () => unknown, code: string, says: RegExp): Promise<void> {
  const error = await Promise.resolve()
    .then(action)
    .then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
  assert.ok(error instanceof DatasetError, `expected a DatasetError with code ${code}, got ${error}`);
  assert.is(error.code, code, error.message);
  assert.match(error.message, says);
  assert.not.match(error.message, /\n/);
}
