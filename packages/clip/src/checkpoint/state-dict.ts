import { quoted } from "@inctrl/tensor/files";
import { ClipError } from "../errors.js";
import { Inert } from "./pickle.js";
import { ScriptObject, type TorchTensor, tensorIn } from "./torch-objects.js";

/**
 * Keys under which trainers store the weights, the most likely first. Averaged weights go before those that were trained, as in the
 * programs that write both: they are what is evaluated and published.
 */
const WRAPPERS = [
  ...["state_dict_ema", "ema_state_dict", "model_ema", "params_ema", "ema", "teacher", "state_dict"],
  ...["model_state", "model_state_dict", "model", "module", "net", "network", "params", "weights", "student"],
];
/** Parts of a trainer's state that hold tensors and no weights. */
const NO_WEIGHTS = /(?:^|\.)(?:optim|\w*optimizer|\w*scheduler|scaler|amp|callbacks|loops|\w*rng)/i;

const MAX_DEPTH = 64;
const MAX_OBJECTS = 200_000;

/** The tensors of a checkpoint by name, and the plain values beside them. */
export interface State {
  readonly tensors: ReadonlyMap<string, TorchTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Finds the weights in an unpickled value: a dict of tensors; such a dict under a usual name, however deep (`metadata.wrapper`;
 * `metadata.beside` names others); nested dicts and lists, whose keys are joined by dots; a TorchScript module.
 *
 * @throws ClipError `layout` where there are none.
 */
export function findState(value: unknown, label: string): State {
  const metadata: Record<string, string> = Object.create(null);
  if (value instanceof ScriptObject) metadata.torchscript = value.className;
  if (value instanceof Map)
    for (const [key, plain] of value)
      if (typeof key === "string" && ["string", "number", "boolean"].includes(typeof plain))
        metadata[key] = String(plain);

  const groups = new Map([...collect(value, label)].filter(([path]) => !NO_WEIGHTS.test(path)));
  if (groups.size === 0) throw noTensors(value, label);
  const rank = (path: string) => WRAPPERS.indexOf(path.slice(path.lastIndexOf(".") + 1));
  const [wrapper, ...beside] = [...groups.keys()]
    .filter((path) => rank(path) >= 0)
    .sort((a, b) => rank(a) - rank(b));
  if (wrapper !== undefined) {
    metadata.wrapper = wrapper;
    if (beside.length > 0) metadata.beside = beside.join(", ");
    return { tensors: groups.get(wrapper)!, metadata };
  }
  const named = [...groups].flatMap(([path, group]) =>
    [...group].map(([name, tensor]) => [joined(path, name), tensor] as const),
  );
  return { tensors: new Map(named), metadata };
}

const joined = (path: string, name: string): string => (path === "" ? name : `${path}.${name}`);

/** The tensors below a value, by the keys that lead to their dict. Bounded, since a pickle can make objects contain themselves. */
function collect(root: unknown, label: string): Map<string, Map<string, TorchTensor>> {
  const groups = new Map<string, Map<string, TorchTensor>>();
  const add = (path: string, name: string, tensor: TorchTensor) =>
    groups.set(path, (groups.get(path) ?? new Map()).set(name, tensor));
  const alone = tensorIn(root);
  if (alone) add("", "0", alone);
  const visited = new Set<unknown>();
  let level = [{ value: root, path: "" }];
  for (let depth = 0, seen = 0; level.length > 0; depth++) {
    const inside: typeof level = [];
    for (const { value, path } of level) {
      // A layer may stand in two places of a module, and both names count.
      const shared = value instanceof ScriptObject;
      if (!shared && visited.has(value)) continue;
      visited.add(value);
      for (const [key, item] of itemsOf(value)) {
        if ((shared && ++seen > MAX_OBJECTS) || depth > MAX_DEPTH)
          throw new ClipError("bad-pickle", `${label}: its module tree is deeper or larger than any model's`);
        if (typeof key !== "string" && typeof key !== "number") continue;
        const tensor = tensorIn(item);
        // A module's tensors have one name, however deep they lie.
        if (tensor && shared) add("", joined(path, `${key}`), tensor);
        else if (tensor) add(path, `${key}`, tensor);
        else if (isContainer(item)) inside.push({ value: item, path: joined(path, `${key}`) });
      }
    }
    level = inside;
  }
  return groups;
}

type Container = ReadonlyMap<unknown, unknown> | readonly unknown[] | ScriptObject;

const isContainer = (value: unknown): value is Container =>
  value instanceof Map || value instanceof ScriptObject || Array.isArray(value);

function itemsOf(value: unknown): Iterable<readonly [unknown, unknown]> {
  if (value instanceof ScriptObject) return value.attributes;
  return isContainer(value) ? (value as Exclude<Container, ScriptObject>).entries() : [];
}

function noTensors(value: unknown, label: string): ClipError {
  const inside = value instanceof Map ? [...value.values()] : [value];
  const types = new Set(inside.flatMap((item) => (item instanceof Inert ? [quoted(item.type)] : [])));
  const held = types.size > 0 ? ` but ${[...types].slice(0, 3).join(", ")}` : "";
  return new ClipError(
    "layout",
    `${label}: holds no tensors${held}; save the weights with torch.save(model.state_dict(), path)`,
  );
}
