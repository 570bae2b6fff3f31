import { sizeOf } from "@inctrl/tensor";
import { type Closable, closing, type FileTensor, quoted, type TensorFile } from "@inctrl/tensor/files";
import { ClipError } from "../errors.js";
import { type Layout, rankOf, rename } from "../model/layouts.js";
import { otherFamily } from "./families.js";
import { requireFinite } from "./finite.js";
import { findSpelling, type Spelling } from "./prefix.js";

/** A checkpoint by canonical (OpenCLIP) names, whatever its own layout. */
export interface Weights extends Closable {
  readonly path: string;
  readonly layout: Layout;
  /** Stored number types, the most frequent by bytes first: "F32", "F16", "F16+F32", ... */
  readonly dtype: string;
  readonly file: TensorFile;
  readonly keys: ReadonlyMap<string, { readonly shape: readonly number[] }>;
  has(name: string): boolean;
  /** @throws ClipError `keys` where there is no such tensor. */
  shape(name: string): readonly number[];
  /**
   * Row-major float32 values of a canonical tensor, in `into` where that is long enough.
   *
   * @throws ClipError `values` for a NaN or an infinity among them.
   */
  readFloat32(name: string, into?: Float32Array): Promise<Float32Array>;
  /** Names in the file that its layout does not know. */
  readonly unexpected: readonly string[];
  /** Names in the file that are not needed, such as a classifier head, or another model's beside this one. */
  readonly ignored: readonly string[];
  /** What was chosen where a file holds more than one model, a line each. */
  readonly notes: readonly string[];
  /** Names of other parts in the file that `OpenOptions.extra` accepted. */
  readonly extra: ReadonlySet<string>;
}

/** The tensors of the file that make a canonical one: stacked along the first axis, or transposed. */
interface Recipe {
  readonly shape: readonly number[];
  readonly sources: readonly string[];
  readonly transpose: boolean;
}

export interface OpenOptions {
  /** Accepts names of other parts that stand in the same file, such as heads; they are read under their own names. */
  readonly extra?: (name: string) => boolean;
}

/** Gives an opened tensor file canonical names; closing the weights closes the file. */
export function canonicalWeights(file: TensorFile, { extra = () => false }: OpenOptions = {}): Weights {
  const names = [...file.tensors.keys()];
  const spelling = findSpelling(names);
  const { prefix, layout } = spelling ?? { prefix: "", layout: "none" };
  const own = names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  const family = otherFamily(own);
  const refuse = (why: string) => new ClipError("layout", `${file.path}: ${why}`);
  if (family !== undefined)
    throw refuse(`is ${family}; image transformers of CLIP, ViT, DeiT and DINOv2 are read`);
  if (spelling === undefined && !names.some(extra))
    throw refuse(
      `no CLIP or ViT checkpoint: its tensors are ${names.slice(0, 3).map(quoted).join(", ")}, ...; names of OpenCLIP, of Hugging Face's CLIP, ViT, DeiT and DINOv2, and of timm are read`,
    );
  const { recipes, ...others } = plan(file, layout, prefix, extra);
  const recipe = (name: string): Recipe => {
    const found = recipes.get(name);
    if (found === undefined) throw new ClipError("keys", `${file.path}: has no tensor ${quoted(name)}`);
    return found;
  };
  return {
    path: file.path,
    layout,
    dtype: storedTypes(file),
    file,
    keys: recipes,
    has: (name) => recipes.has(name),
    shape: (name) => recipe(name).shape,
    readFloat32: async (name, into) => assemble(file, recipe(name), into),
    notes: notesOn(file, spelling),
    ...others,
    ...closing(() => file.close()),
  };
}

function plan(file: TensorFile, layout: Layout, prefix: string, isExtra: (name: string) => boolean) {
  const unexpected: string[] = [];
  const ignored: string[] = [];
  const extra = new Set<string>();
  const recipes = new Map<string, Recipe>();
  const stacks = new Map<string, (FileTensor | undefined)[]>();
  for (const tensor of file.tensors.values()) {
    const inside = tensor.name.startsWith(prefix);
    const name = inside ? tensor.name.slice(prefix.length) : tensor.name;
    const fate = isExtra(name) ? { to: name } : inside ? rename(layout, name) : "ignored";
    if (isExtra(name)) extra.add(name);
    if (fate === "ignored") ignored.push(tensor.name);
    else if (fate === "unexpected" || recipes.has(fate.to)) unexpected.push(tensor.name);
    else if (fate.part !== undefined) {
      const [index, of] = fate.part;
      const stack = stacks.get(fate.to) ?? new Array<FileTensor | undefined>(of).fill(undefined);
      stack[index] = tensor;
      stacks.set(fate.to, stack);
    } else {
      const transpose = fate.transpose ?? false;
      const shape = transpose ? tensor.shape.toReversed() : squeeze(tensor.shape, rankOf(fate.to));
      recipes.set(fate.to, { shape, sources: [tensor.name], transpose });
    }
  }
  for (const [to, stack] of stacks) {
    const parts = stack.filter((part) => part !== undefined);
    const shape = parts.length === stack.length ? stackedShape(parts) : undefined;
    const sources = parts.map((part) => part.name);
    if (shape === undefined) unexpected.push(...sources);
    else recipes.set(to, { shape, sources, transpose: false });
  }
  return { recipes, unexpected, ignored, extra };
}

/** Drops leading axes of size one down to `rank`. */
function squeeze(shape: readonly number[], rank = shape.length): readonly number[] {
  const extra = shape.length - rank;
  return extra > 0 && shape.slice(0, extra).every((size) => size === 1) ? shape.slice(extra) : shape;
}

/** The shape of parts stacked along the first axis; undefined when they do not fit together. */
function stackedShape(parts: readonly FileTensor[]): number[] | undefined {
  const [first] = parts;
  const rest = first.shape.slice(1);
  const fits = (part: FileTensor) =>
    part.shape.length === rest.length + 1 && rest.every((size, i) => part.shape[i + 1] === size);
  return parts.every(fits) ? [parts.reduce((sum, part) => sum + part.shape[0], 0), ...rest] : undefined;
}

/** Says which of several models is read. */
function notesOn({ path, metadata }: TensorFile, spelling: Spelling | undefined): string[] {
  const several = (taken: string, others: string) =>
    `${path}: holds several models; the weights under ${quoted(taken)} are taken, and not those under ${others}`;
  const notes: string[] = [];
  if (metadata.beside && metadata.wrapper) notes.push(several(metadata.wrapper, quoted(metadata.beside)));
  if (spelling && spelling.others.length > 0)
    notes.push(several(spelling.prefix, spelling.others.map(quoted).join(", ")));
  return notes;
}

async function assemble(
  file: TensorFile,
  { shape, sources, transpose }: Recipe,
  into?: Float32Array,
): Promise<Float32Array> {
  const read = async (source: string, into?: Float32Array) =>
    requireFinite(await file.readFloat32(source, into), file.path, source);
  if (transpose && shape.length === 2) return transposed(await read(sources[0]), shape[1], shape[0]);
  if (sources.length === 1) return read(sources[0], into);
  const count = sizeOf(shape);
  const out = into && into.length >= count ? into.subarray(0, count) : new Float32Array(count);
  let at = 0;
  for (const source of sources) at += (await read(source, out.subarray(at))).length;
  return out;
}

/** Transposes a row-major (rows, columns) matrix. */
function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) out[c * rows + r] = values[r * columns + c];
  return out;
}

function storedTypes(file: TensorFile): string {
  const bytes = new Map<string, number>();
  for (const { dtype, byteLength } of file.tensors.values())
    if (dtype.includes("F")) bytes.set(dtype, (bytes.get(dtype) ?? 0) + byteLength);
  return [...bytes]
    .sort((a, b) => b[1] - a[1])
    .map(([dtype]) => dtype)
    .join("+");
}
