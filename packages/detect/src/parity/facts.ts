import { boundedJson, readPlainText } from "@inctrl/tensor/files";
import { DetectError } from "../errors.js";
import { type Check, fits } from "../shape.js";

/** Most bytes of what a folder of reference values says in JSON. */
const MAX_BYTES = 1e7;

/**
 * What a folder of reference values says in a file of JSON. Fields that no check names may be there.
 *
 * @throws DetectError `parity` where the file is no JSON, or not what the check says; TensorFileError as `readPlainText`.
 */
export const readFacts = async <T>(path: string, check: Check): Promise<T> =>
  factsIn(await readPlainText(path, MAX_BYTES), check, path);

/** @param path names the text in errors. @throws DetectError `parity` */
export function factsIn<T>(text: string, check: Check, path: string): T {
  const fail = (why: string, cause?: unknown) =>
    new DetectError("parity", `${path}: ${why}; give a folder in the form of the reference values`, {
      cause,
    });
  let facts: unknown;
  try {
    facts = boundedJson(text);
  } catch (cause) {
    throw fail(`is no JSON that is read (${(cause as Error).message})`, cause);
  }
  if (!fits(facts, check)) throw fail("lacks what is compared, or has it in another form");
  return facts as T;
}
