// The few constructors that a checkpoint's pickle may name, and the plain records that they make.
import { type FileDType, quoted } from "@inctrl/tensor/files";
import { ClipError } from "../errors.js";
import type { Constructors } from "./pickle.js";

/** A storage: the values in one entry of the archive. */
export class TorchStorage {
  readonly key: string;
  readonly dtype: FileDType;
  readonly count: number;

  constructor(key: string, dtype: FileDType, count: number) {
    this.key = key;
    this.dtype = dtype;
    this.count = count;
  }
}

/** A strided view of a storage; numbers are as pickled, not yet checked. */
export class TorchTensor {
  readonly storage: TorchStorage;
  readonly offset: unknown;
  readonly shape: readonly unknown[];
  readonly stride: readonly unknown[];

  constructor(storage: TorchStorage, offset: unknown, shape: readonly unknown[], stride: readonly unknown[]) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.stride = stride;
  }
}

/** An object of a TorchScript module: its attributes by name, and no behaviour. */
export class ScriptObject {
  readonly className: string;
  attributes: ReadonlyMap<unknown, unknown> = new Map();

  constructor(className: string) {
    this.className = className;
  }
}

/** A harmless value that is not needed, such as a dtype, a device or a NumPy scalar. */
class Inert {}

const STORAGES: Readonly<Record<string, FileDType>> = {
  DoubleStorage: "F64",
  FloatStorage: "F32",
  HalfStorage: "F16",
  BFloat16Storage: "BF16",
  LongStorage: "I64",
  IntStorage: "I32",
  ShortStorage: "I16",
  CharStorage: "I8",
  ByteStorage: "U8",
  BoolStorage: "BOOL",
  UntypedStorage: "U8",
};

type Call = (args: readonly unknown[], refuse: (what: string) => ClipError) => unknown;

const inert: Call = () => new Inert();
const first: Call = (args) => args[0];

/** Everything callable, by its dotted name. */
const CALLS: ReadonlyMap<string, Call> = new Map<string, Call>([
  ["collections.OrderedDict", orderedDict],
  ["torch._utils._rebuild_tensor_v2", rebuildTensor],
  ["torch._utils._rebuild_parameter", first],
  ["torch.Size", first],
  ["torch.jit._pickle.build_intlist", first],
  ["torch.jit._pickle.build_doublelist", first],
  ["torch.jit._pickle.build_boollist", first],
  ["torch.jit._pickle.build_tensorlist", first],
  ["torch.jit._pickle.restore_type_tag", first],
  // Numbers beside the weights, such as a best score, are not decoded.
  ["torch.device", inert],
  ["_codecs.encode", inert],
  ["numpy.dtype", inert],
  ["numpy.core.multiarray.scalar", inert],
  ["numpy._core.multiarray.scalar", inert],
]);

const DTYPE_NAME = /^torch\.(?:u?int(?:8|16|32|64)|b?float(?:16|32|64)|bool|half|float|double|long)$/;
const SCRIPT_NAME = /^__torch__\./;

class StorageType {
  readonly dtype: FileDType;
  constructor(dtype: FileDType) {
    this.dtype = dtype;
  }
}

/** The constructors for one file; anything not listed above is refused by name (ClipError `unsafe-pickle`). */
export function torchConstructors(label: string): Constructors {
  const refuse = (what: string) =>
    new ClipError("bad-pickle", `${label}: its pickle ${what}; save the file again with torch.save`);
  return {
    find(module, name) {
      const full = `${module}.${name}`;
      const call = CALLS.get(full);
      if (call !== undefined) return call;
      const storage = /^torch(?:\.storage)?\.(\w+Storage)$/.exec(full)?.[1];
      if (storage !== undefined && Object.hasOwn(STORAGES, storage))
        return new StorageType(STORAGES[storage]);
      if (SCRIPT_NAME.test(full)) return () => new ScriptObject(full);
      if (DTYPE_NAME.test(full)) return new Inert();
      throw new ClipError(
        "unsafe-pickle",
        `${label}: its pickle asks to run ${quoted(full)}, which could do anything; re-save only the weights: torch.save(model.state_dict(), path)`,
      );
    },
    call(callable, args) {
      if (typeof callable === "function") return (callable as Call)(args, refuse);
      throw refuse("calls what is not a constructor");
    },
    build(target, state) {
      // Attributes set on plain containers (state_dict's _metadata) carry no weights.
      if (target instanceof ScriptObject && state instanceof Map) target.attributes = state;
      return target;
    },
    persistent: (id) => storageOf(id, refuse),
  };
}

function orderedDict(args: readonly unknown[], refuse: (what: string) => ClipError): Map<unknown, unknown> {
  const pairs = args[0] ?? [];
  if (!Array.isArray(pairs) || !pairs.every((pair) => Array.isArray(pair) && pair.length === 2))
    throw refuse("fills an OrderedDict with what are not pairs");
  return new Map(pairs as [unknown, unknown][]);
}

function rebuildTensor(args: readonly unknown[], refuse: (what: string) => ClipError): TorchTensor {
  const [storage, offset, shape, stride] = args;
  if (!(storage instanceof TorchStorage) || !Array.isArray(shape) || !Array.isArray(stride))
    throw refuse("rebuilds a tensor from what is not a storage, an offset, a size and strides");
  return new TorchTensor(storage, offset, shape, stride);
}

/** A persistent id is ("storage", type, key, device, count). */
function storageOf(id: unknown, refuse: (what: string) => ClipError): TorchStorage {
  const [kind, type, key, , count] = Array.isArray(id) ? id : [];
  if (kind !== "storage" || !(type instanceof StorageType) || typeof key !== "string")
    throw refuse("refers to something outside it that is no storage");
  if (!Number.isSafeInteger(count) || (count as number) < 0) throw refuse("has a storage of impossible size");
  return new TorchStorage(key, type.dtype, count as number);
}
