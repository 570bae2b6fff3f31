import { openWholeFile } from "@inctrl/tensor/files";
import type { Fields } from "./protobuf.js";
import type { Runtime } from "./runtime.js";
import { type Scorer, scoringModel } from "./scorer.js";
import { type Agreement, verifyScorer } from "./verify.js";

/** Bytes that are written at once. */
const CHUNK = 2 ** 20;

/** Joins small fields, of which a model has thousands, and passes large ones on. */
function* chunks(fields: Fields): Generator<Uint8Array> {
  let held: Uint8Array[] = [];
  let size = 0;
  for (const field of fields) {
    if (field.byteLength < CHUNK) {
      held.push(field);
      size += field.byteLength;
    }
    if (field.byteLength >= CHUNK || size >= CHUNK) {
      yield Buffer.concat(held);
      [held, size] = [[], 0];
    }
    if (field.byteLength >= CHUNK) yield field;
  }
  yield Buffer.concat(held);
}

/**
 * Writes a detector as an ONNX file, whole or not at all. It gets its name once onnxruntime has found the same scores in it.
 *
 * @param runtime null writes it unverified.
 * @param facts what its metadata says.
 * @returns how far its results lie from ours; null where it is not verified.
 * @throws OnnxError as `scoringModel` and `verifyScorer`; TensorFileError `write`.
 * @example
 * const { score } = (await writeScorer("part.onnx", scorer, findRuntime(), {}))!;
 */
export async function writeScorer(
  path: string,
  scorer: Scorer,
  runtime: Runtime | null,
  facts: Readonly<Record<string, string>>,
): Promise<Agreement | null> {
  const model = await scoringModel(scorer, facts);
  const file = await openWholeFile(path);
  let agreement: Agreement | null = null;
  try {
    for (const chunk of chunks(model)) await file.write(chunk);
    if (runtime) agreement = await verifyScorer(file.temporary, scorer, runtime);
  } catch (error) {
    await file.discard();
    throw error;
  }
  await file.finish();
  return agreement;
}
