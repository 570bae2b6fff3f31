import { createHash } from "node:crypto";
import { fits, openSealed, parseJson, type SealedFile, writeSealed } from "@inctrl/detect";
import { type Device, tensor } from "@inctrl/tensor";
import { BaselineError } from "../errors.js";
import { Context, type ContextOptions } from "./context.js";

const FORMAT = "coop-context";

/** What a file says of its context. */
export interface ContextInfo extends ContextOptions {
  readonly version: 1;
  /** The words that the vectors began as; null for random ones. */
  readonly words: string | null;
  /** Multiplies cosines of images and texts. */
  readonly scale: number;
  readonly seed: number;
  /** Fingerprint of the text tower. */
  readonly text: string;
}

/** A trained context and what its file says of it. */
export interface TrainedContext extends Disposable {
  readonly context: Context;
  readonly info: ContextInfo;
  /** Tells contexts apart: a hash of what the file says and of the vectors. */
  readonly digest: string;
  /** Data and settings of the training. */
  readonly provenance: Readonly<Record<string, string>>;
}

/**
 * Writes a context with checksums, whole or not at all.
 *
 * @param provenance what it was trained on. No times: equal runs give equal files.
 */
export async function saveContext(
  path: string,
  context: Context,
  info: Omit<ContextInfo, keyof ContextOptions | "version">,
  provenance: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { value } = context.vectors;
  const vectors = { dtype: "F32", shape: value.shape, data: await value.data() } as const;
  const facts: ContextInfo = { version: 1, ...context.options, ...info };
  await writeSealed(path, { vectors }, { format: FORMAT, context: JSON.stringify(facts), ...provenance });
}

/** Reads a saved context. @throws BaselineError `weights` for other files and values that are not finite; DetectError `damaged`. */
export async function loadContext(path: string, device: Device): Promise<TrainedContext> {
  const file = await openSealed(path);
  try {
    const { context, values, ...facts } = await contextIn(file);
    context.vectors.set(tensor(device, values, context.vectors.shape));
    return { context, ...facts, [Symbol.dispose]: () => context.dispose() };
  } finally {
    await file.close();
  }
}

/** The context of an open file, without its vectors, and their values. @throws as `loadContext`. */
export async function contextIn(file: SealedFile) {
  const fail = (why: string) =>
    new BaselineError("weights", `${file.path}: ${why}; name a file that training CoOp has written`);
  const { format, context: text, sum: _, sums: __, ...provenance } = file.metadata;
  const info = parseJson(text) as ContextInfo;
  if (format !== FORMAT || !fits(info, INFO)) throw fail("holds no context");
  const shape = file.tensors.get("vectors")?.shape ?? [];
  const [width = 0] = shape.slice(-1);
  const context = new Context(info, width);
  if (shape.join() !== context.vectors.shape.join() || width === 0)
    throw fail(`holds vectors [${shape.join(", ")}] where it speaks of ${info.count}`);
  const values = await file.readFloat32("vectors");
  if (!values.every(Number.isFinite)) throw fail("holds vectors that are not finite");
  const digest = createHash("sha256").update(text).update(values).digest("hex").slice(0, 16);
  return { context, values, info, digest, provenance };
}

const INFO = {
  version: (value: unknown) => value === 1,
  count: (value: unknown) => Number.isInteger(value) && Number(value) >= 1,
  position: (value: unknown) => ["end", "middle", "front"].includes(value as string),
  form: (value: unknown) => ["unified", "state"].includes(value as string),
  scale: (value: unknown) => Number.isFinite(value) && Number(value) > 0,
  seed: Number.isInteger,
  text: (value: unknown) => typeof value === "string",
};
