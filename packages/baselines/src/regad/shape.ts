import { identityOf, MODES, type Mode } from "./theta.js";

/** What RegAD's network is built by. */
export interface Registration {
  readonly mode: Mode;
  /** Pixels of a side of its images. */
  readonly side: number;
  /** Blocks of two convolutions of its three layers. Default: ResNet-18's. */
  readonly blocks?: readonly number[];
}

/**
 * What the names and shapes of a file's tensors make of RegAD's network. Its images are those whose sides divide evenly, and of modes
 * with as many parameters the first, unless the file tells others.
 *
 * @param told `mode` and `side` in words.
 * @returns null where there are no transformers.
 */
export function registrationIn(
  names: readonly string[],
  shape: (name: string) => readonly number[] | undefined,
  told: Readonly<Record<string, string>>,
  fail: (why: string) => Error,
): Registration | null {
  if (!names.some((name) => name.startsWith("stn1."))) return null;
  const count = shape("stn1.fc.2.bias")?.[0] ?? 0;
  const fitting = MODES.filter((mode) => identityOf(mode).length === count);
  const mode = told.mode === undefined ? fitting[0] : fitting.find((each) => each === told.mode);
  if (mode === undefined)
    throw fail(
      fitting.length === 0
        ? `has transformers of ${count} parameters, which no mode takes`
        : `has transformers of ${count} parameters, which ${told.mode} does not take; modes that do: ${fitting.join(", ")}`,
    );
  const cells = Math.round(Math.sqrt((shape("stn1.fc.0.weight")?.[1] ?? 0) / 16));
  return { mode, side: Number(told.side ?? 16 * cells) };
}
