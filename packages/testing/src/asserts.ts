import * as assert from "uvu/assert";

/** The largest absolute difference; NaN counts as infinite. */
export function maxError(got: ArrayLike<number>, want: ArrayLike<number>): number {
  assert.is(got.length, want.length);
  let worst = 0;
  for (let i = 0; i < want.length; i++) {
    const error = Math.abs(got[i] - want[i]);
    worst = Math.max(worst, Number.isNaN(error) ? Number.POSITIVE_INFINITY : error);
  }
  return worst;
}

/**
 * Asserts that a function throws (or rejects with) an error of a code, whose message matches and is one line.
 *
 * @param type class that the error must have.
 */
export async function throwsCode(
  run: () => unknown,
  code: string,
  text: RegExp,
  type: new (...args: never[]) => Error = Error,
): Promise<void> {
  let error: unknown;
  try {
    await run();
  } catch (caught) {
    error = caught;
  }
  assert.instance(error, type, `expected ${type.name} with code ${code}, got ${error}`);
  const { message } = error as Error;
  assert.is((error as Error & { code?: string }).code, code, `code of: ${message}`);
  assert.match(message, text, `${text} does not match: ${message}`);
  assert.not.match(message, /\n/);
}
