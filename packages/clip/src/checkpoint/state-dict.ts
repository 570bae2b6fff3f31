import { ClipError } from "../errors.js";
import { ScriptObject, TorchTensor } from "./torch-objects.js";

/** Keys under which trainers store the weights, the most likely first. */
const WRAPPERS = ["state_dict", "model_state", "model_state_dict", "model"];

const MAX_DEPTH = 64;
const MAX_OBJECTS = 100_000;

/** The tensors of a checkpoint by name, and the plain values beside them. */
export interface State {
  readonly tensors: ReadonlyMap<string, TorchTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Finds the weights in an unpickled value: a dict of tensors, a dict that holds such a dict under a usual name,
 * a TorchScript module, or a list of tensors (named "0", "1", ...).
 *
 * @throws ClipError `layout` where there are none.
 */
export function findState(value: unknown, label: string): State {
  const metadata: Record<string, string> = Object.create(null);
  const tensors = new Map<string, TorchTensor>();
  if (value instanceof ScriptObject) {
    metadata.torchscript = value.className;
    collectScript(value, tensors, label);
  } else if (value instanceof TorchTensor) tensors.set("0", value);
  else if (Array.isArray(value)) collect(value.entries(), tensors);
  else if (value instanceof Map) {
    for (const [key, plain] of value)
      if (typeof key === "string" && ["string", "number", "boolean"].includes(typeof plain))
        metadata[key] = String(plain);
    const wrapper = WRAPPERS.find((key) => value.get(key) instanceof Map);
    if (wrapper !== undefined) metadata.wrapper = wrapper;
    collect(
      (wrapper === undefined ? value : (value.get(wrapper) as Map<unknown, unknown>)).entries(),
      tensors,
    );
  }
  if (tensors.size === 0)
    throw new ClipError(
      "layout",
      `${label}: holds no tensors; save the weights with torch.save(model.state_dict(), path)`,
    );
  return { tensors, metadata };
}

function collect(entries: Iterable<[unknown, unknown]>, tensors: Map<string, TorchTensor>): void {
  for (const [key, value] of entries) if (value instanceof TorchTensor) tensors.set(String(key), value);
}

/** Walks a module tree, within bounds, since a pickle can make objects contain themselves. */
function collectScript(root: ScriptObject, tensors: Map<string, TorchTensor>, label: string): void {
  const open = [{ object: root, prefix: "", depth: 0 }];
  for (let seen = 0; open.length > 0; seen++) {
    const { object, prefix, depth } = open.pop()!;
    if (seen > MAX_OBJECTS || depth > MAX_DEPTH)
      throw new ClipError("bad-pickle", `${label}: its module tree is deeper or larger than any model's`);
    for (const [key, value] of object.attributes) {
      const name = `${prefix}${String(key)}`;
      if (value instanceof TorchTensor) tensors.set(name, value);
      else if (value instanceof ScriptObject)
        open.push({ object: value, prefix: `${name}.`, depth: depth + 1 });
    }
  }
}
