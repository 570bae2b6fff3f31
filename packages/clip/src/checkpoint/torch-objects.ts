// The few constructors that a checkpoint's pickle may name, and the plain records that they make.
import { type FileDType, quoted } from "@inctrl/tensor/files";
import { ClipError } from "../errors.js";
import { isInert } from "./inert.js";
import { type Constructors, Inert } from "./pickle.js";

/** A storage, or a part of one: values that a container keeps under a key. */
export class TorchStorage {
  readonly key: string;
  readonly dtype: FileDType;
  readonly count: number;
  /** Where it begins in the values under its key, and how many there are. */
  readonly start: number;
  readonly whole: number;

  constructor(key: string, dtype: FileDType, count: number, start = 0, whole = count) {
    this.key = key;
    this.dtype = dtype;
    this.count = count;
    this.start = start;
    this.whole = whole;
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

/** A parameter or tensor as PyTorch before 0.4 wrote them: its values follow as its state. */
export class LateTensor {
  tensor: TorchTensor | null = null;
}

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
  _UntypedStorage: "U8",
};

/** Quantised and complex values. */
const OTHER_STORAGE = /^(?:QU?Int\w+|Complex\w+)Storage$/;

type Refuse = (what: string) => ClipError;
type Call = (args: readonly unknown[], refuse: Refuse) => unknown;

const first: Call = (args) => args[0];

/** Everything that makes something, by its dotted name. */
const CALLS: ReadonlyMap<string, Call> = new Map<string, Call>([
  ["collections.OrderedDict", orderedDict],
  ["collections.defaultdict", () => new Map()],
  ["builtins.dict", orderedDict],
  ["__builtin__.dict", orderedDict],
  ["torch._utils._rebuild_tensor", rebuildTensor],
  ["torch._utils._rebuild_tensor_v2", rebuildTensor],
  ["torch._utils._rebuild_parameter", first],
  ["torch._utils._rebuild_parameter_with_state", first],
  ["torch._tensor._rebuild_from_type_v2", rebuildFromType],
  ["torch.nn.parameter.Parameter", rebuildParameter],
  ["torch.nn.Parameter", rebuildParameter],
  ["torch.autograd.variable.Variable", rebuildParameter],
  ["torch.Size", first],
  ["torch.jit._pickle.build_intlist", first],
  ["torch.jit._pickle.build_doublelist", first],
  ["torch.jit._pickle.build_boollist", first],
  ["torch.jit._pickle.build_tensorlist", first],
  ["torch.jit._pickle.restore_type_tag", first],
]);

const DTYPE_NAME =
  /^torch\.(?:u?int(?:8|16|32|64)|b?float(?:16|32|64)|complex(?:64|128)|bool|half|float|double|long|float8_\w+)$/;
const SCRIPT_NAME = /^__torch__\./;
const STORAGE_NAME = /^torch(?:\.storage|\.cuda)?\.(\w+Storage)$/;
const TENSOR_NAME = /^torch(?:\.cuda)?\.[A-Z]\w*Tensor$/;
/** Ways to rebuild tensors that are no plain arrays of numbers. */
const OTHER_TENSOR = /^torch\._utils\._rebuild_(?:\w*tensor\w*|wrapper_subclass|xla\w*)$/;
/** Modules of which whole objects are saved by torch.save(model, path). */
const WHOLE_MODULE =
  /^(?:torch\.nn\.modules|torchvision\.models|timm\.models|open_clip|clip\.model|transformers\.models)\b/;

/** The type of a storage, such as `torch.FloatStorage`. */
export class StorageType {
  readonly dtype: FileDType;
  constructor(dtype: FileDType) {
    this.dtype = dtype;
  }
}

/** The constructors for one file; anything not listed above is refused by name (ClipError `unsafe-pickle`). */
export function torchConstructors(label: string): Constructors {
  const refuse: Refuse = (what) =>
    new ClipError("bad-pickle", `${label}: its pickle ${what}; save the file again with torch.save`);
  return {
    find(module, name) {
      const full = `${module}.${name}`;
      const call = CALLS.get(full);
      if (call !== undefined) return call;
      const storage = STORAGE_NAME.exec(full)?.[1];
      if (storage !== undefined && Object.hasOwn(STORAGES, storage))
        return new StorageType(STORAGES[storage]);
      if (SCRIPT_NAME.test(full)) return () => new ScriptObject(full);
      if (TENSOR_NAME.test(full)) return rebuildParameter;
      if (DTYPE_NAME.test(full) || isInert(full)) return new Inert(full);
      if (OTHER_TENSOR.test(full) || (storage !== undefined && OTHER_STORAGE.test(storage)))
        throw new ClipError(
          "file-format",
          `${label}: stores a tensor by ${quoted(full)}, which is not read; convert the weights to float32 before saving them`,
        );
      if (WHOLE_MODULE.test(full))
        throw new ClipError(
          "unsafe-pickle",
          `${label}: is a pickle of a whole module (${quoted(full)}), whose code would have to run; save only its weights: torch.save(model.state_dict(), path)`,
        );
      throw new ClipError(
        "unsafe-pickle",
        `${label}: its pickle asks to run ${quoted(full)}, which could do anything; save only the weights: torch.save(model.state_dict(), path)`,
      );
    },
    call(callable, args) {
      if (callable instanceof Inert) return new Inert(callable.type);
      if (typeof callable === "function") return (callable as Call)(args, refuse);
      throw refuse("calls what is not a constructor");
    },
    build(target, state) {
      // Attributes set on plain containers (state_dict's _metadata) carry no weights.
      if (target instanceof ScriptObject && state instanceof Map) target.attributes = state;
      if (target instanceof LateTensor && Array.isArray(state))
        target.tensor =
          state[0] instanceof TorchStorage ? rebuildTensor(state, refuse) : (tensorIn(state[0]) ?? null);
      return target;
    },
    persistent: (id) => storageOf(id, refuse),
  };
}

/** The tensor that a value is, or holds by now. */
export function tensorIn(value: unknown): TorchTensor | undefined {
  if (value instanceof LateTensor) return value.tensor ?? undefined;
  return value instanceof TorchTensor ? value : undefined;
}

function orderedDict(args: readonly unknown[], refuse: Refuse): Map<unknown, unknown> {
  const pairs = args[0] instanceof Map ? [...args[0]] : (args[0] ?? []);
  if (!Array.isArray(pairs) || !pairs.every((pair) => Array.isArray(pair) && pair.length === 2))
    throw refuse("fills an OrderedDict with what are not pairs");
  return new Map(pairs as [unknown, unknown][]);
}

function rebuildTensor(args: readonly unknown[], refuse: Refuse): TorchTensor {
  const [storage, offset, shape, stride] = args;
  if (!(storage instanceof TorchStorage) || !Array.isArray(shape) || !Array.isArray(stride))
    throw refuse("rebuilds a tensor from what is not a storage, an offset, a size and strides");
  return new TorchTensor(storage, offset, shape, stride);
}

/** `Parameter(data)`, or `Parameter()` whose state follows. */
function rebuildParameter(args: readonly unknown[], refuse: Refuse): TorchTensor | LateTensor {
  if (args.length === 0) return new LateTensor();
  const tensor = tensorIn(args[0]);
  if (tensor === undefined) throw refuse("makes a parameter of what is no tensor");
  return tensor;
}

/** A tensor of a class of its own: the function that makes it, the class, the arguments, and its state. */
function rebuildFromType([make, , args]: readonly unknown[], refuse: Refuse): unknown {
  if (typeof make !== "function" || !Array.isArray(args)) throw refuse("rebuilds a tensor by no function");
  return (make as Call)(args, refuse);
}

/**
 * A persistent id is ("storage", type, key, device, count), before PyTorch 1.6 with a sixth entry: null, or (view key, offset, count)
 * for a part of the storage.
 */
function storageOf(id: unknown, refuse: Refuse): TorchStorage {
  const [kind, type, key, , whole, view] = Array.isArray(id) ? id : [];
  if (kind !== "storage" || !(type instanceof StorageType) || typeof key !== "string")
    throw refuse("refers to something outside it that is no storage");
  const [, start, count] = Array.isArray(view) ? view : [key, 0, whole];
  return storagePart(key, type.dtype, { start, count, whole }, refuse);
}

/** `count` of a storage's values, from `start` on; numbers are as pickled. */
export function storagePart(
  key: string,
  dtype: FileDType,
  part: { start: unknown; count: unknown; whole: unknown },
  refuse: Refuse,
): TorchStorage {
  const [start, count, whole] = [part.start, part.count, part.whole].map((size) => {
    if (!Number.isSafeInteger(size) || (size as number) < 0) throw refuse("has a storage of impossible size");
    return size as number;
  });
  if (start + count > whole) throw refuse("has a storage of impossible size");
  return new TorchStorage(key, dtype, count, start, whole);
}
