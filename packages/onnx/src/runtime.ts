import { createRequire } from "node:module";
import { OnnxError } from "./errors.js";

/** A tensor of onnxruntime. */
export interface OrtTensor {
  readonly data: Float32Array | Uint8Array;
  readonly dims: readonly number[];
}

/** A loaded model. */
export interface OrtSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(
    feeds: Readonly<Record<string, OrtTensor>>,
    wanted?: readonly string[],
  ): Promise<Record<string, OrtTensor>>;
  release(): Promise<void>;
}

/** The part of onnxruntime-node that is used here. */
interface Ort {
  readonly InferenceSession: { create(model: string | Uint8Array, options: object): Promise<OrtSession> };
  readonly Tensor: new (
    type: string,
    values: Float32Array | Uint8Array,
    shape: readonly number[],
  ) => OrtTensor;
  readonly env: { readonly versions: { readonly node?: string; readonly common?: string } };
}

/** onnxruntime on the processor. */
export interface Runtime {
  readonly version: string;
  /** Loads a model from a file, or from its bytes. */
  open(model: string | Uint8Array): Promise<OrtSession>;
  tensor(type: "float32" | "uint8", values: Float32Array | Uint8Array, shape: readonly number[]): OrtTensor;
}

/** The package, which is not installed with this one: it is 290 MB for all systems. */
export const RUNTIME_PACKAGE = "onnxruntime-node";

const own = createRequire(import.meta.url);

/** onnxruntime; null where it is not installed. @param require what finds it; default: from this package. */
export function findRuntime(require: (name: string) => unknown = own): Runtime | null {
  let ort: Ort;
  try {
    ort = require(RUNTIME_PACKAGE) as Ort;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND") return null;
    throw new OnnxError(
      "runtime",
      `${RUNTIME_PACKAGE} is installed and does not load (${(error as Error).message.split("\n")[0]}); install it again`,
      { cause: error },
    );
  }
  const { versions } = ort.env;
  return {
    version: versions.node ?? versions.common ?? "of unknown version",
    open: (model) => ort.InferenceSession.create(model, { executionProviders: ["cpu"], logSeverityLevel: 3 }),
    tensor: (type, values, shape) => new ort.Tensor(type, values, shape),
  };
}

/** The same. @throws OnnxError `runtime` where it is not installed. */
export function requireRuntime(require?: (name: string) => unknown): Runtime {
  const found = findRuntime(require);
  if (found) return found;
  throw new OnnxError(
    "runtime",
    `${RUNTIME_PACKAGE} is not installed; "npm install ${RUNTIME_PACKAGE}" beside inctrl installs it`,
  );
}
