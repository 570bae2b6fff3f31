import { parse } from "node:path";
import { boundedJson } from "@inctrl/tensor/files";
import { DatasetError } from "../errors.js";
import { anomalous, NORMAL, type Truth } from "./samples.js";
import { readText } from "./table.js";

/** An image as a list names it. */
export interface Listing {
  /** The file and entry, for errors. */
  readonly where: string;
  readonly split: "train" | "test";
  readonly name: string;
  readonly image: string;
  /** "" where there is none. */
  readonly mask: string;
  readonly truth: Truth;
}

/** A list of images, and what it says of all of them. */
export interface ListFile {
  readonly path: string;
  /** The folder that paths start from, below that of the images. */
  readonly prefix: string;
  readonly listings: readonly Listing[];
  /** Parts that are neither train nor test. */
  readonly left: readonly string[];
}

export const LIST_LAYOUT =
  "[{image_path, target: 0 or 1, type: class}, ...]; or {train: {class: [{img_path, mask_path, anomaly, specie_name}, ...]}, test: {...}}; or a line {filename, label, clsname, maskname} an image; val or test in a file's name makes its images test images";

/** Names of the same field in the lists of different methods; the first that an entry has is taken. */
const FIELDS = {
  image: ["image_path", "img_path", "filename", "image"],
  mask: ["mask_path", "maskname", "mask"],
  name: ["type", "cls_name", "clsname", "category", "class_name"],
  kind: ["specie_name", "label_name", "anomaly_class"],
  label: ["target", "anomaly", "label"],
} as const;

const MAX_ENTRIES = 2_000_000;

type Entry = Readonly<Record<string, unknown>>;

/**
 * Reads a list in JSON: an array, an object of splits, or a line an entry.
 *
 * @throws DatasetError `corrupt` for other text, `bad-layout` naming the entry and what it lacks
 */
export const readListFile = async (path: string): Promise<ListFile> => listingsOf(path, await readText(path));

/** The same of its text. */
export function listingsOf(path: string, content: string): ListFile {
  const parsed = parseJson(path, content);
  const { meta, ...parts } = isRecord(parsed) ? parsed : { [splitOfName(path)]: parsed };
  const { normal_class: normal, prefix } = (meta ?? {}) as Entry;
  const listings: Listing[] = [];
  const left: string[] = [];
  for (const [part, value] of Object.entries(parts)) {
    const split = Object.keys(SPLITS).find((split) => SPLITS[split as Split].test(part)) as Split | undefined;
    if (split === undefined) {
      left.push(part);
      continue;
    }
    for (const [name, entries] of Object.entries(isRecord(value) ? value : { "": value })) {
      const place = [path, ...(isRecord(parsed) ? [part] : []), ...(name ? [name] : [])].join(" ");
      if (!Array.isArray(entries)) throw listError(place);
      for (const [i, entry] of entries.entries()) {
        const where = `${place} entry ${i}`;
        listings.push({ where, split, ...readEntry(entry, where, name, normal) });
      }
    }
  }
  if (listings.length === 0 || listings.length > MAX_ENTRIES) throw listError(path);
  return { path, prefix: typeof prefix === "string" ? prefix : "", listings, left };
}

type Split = Listing["split"];
const SPLITS: Readonly<Record<Split, RegExp>> = { train: /^train(ing)?$/i, test: /^test(ing)?$/i };

const listError = (where: string) =>
  new DatasetError("bad-layout", `${where}: no list of images; give ${LIST_LAYOUT}`);

const splitOfName = (path: string): Split =>
  /(^|[-_.])(val|test)([-_.]|$)/i.test(parse(path).name) ? "test" : "train";

const isImage = (value: unknown): boolean =>
  isRecord(value) && FIELDS.image.some((name) => typeof value[name] === "string");

const isRecord = (value: unknown): value is Entry =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The value of a text; undefined where it is no JSON. */
function jsonOf(text: string): unknown {
  try {
    return boundedJson(text);
  } catch {
    return undefined;
  }
}

function parseJson(path: string, text: string): unknown {
  try {
    const lines = text.split("\n").filter((line) => line.trim() !== "");
    // Where the first line is an image, each line is one.
    return isImage(jsonOf(lines[0] ?? "")) ? lines.map((line) => boundedJson(line)) : boundedJson(text);
  } catch (error) {
    const problem = (error as Error).message.slice(0, 120);
    throw new DatasetError("corrupt", `${path}: this is no JSON (${problem}); download it again`);
  }
}

function readEntry(
  entry: unknown,
  where: string,
  className: string,
  normal: unknown,
): Omit<Listing, "where" | "split"> {
  const field = (which: keyof typeof FIELDS): unknown => {
    const name = FIELDS[which].find((name) => (entry as Entry | null)?.[name] !== undefined);
    return name && (entry as Entry)[name];
  };
  const text = (value: unknown): string => (typeof value === "string" && value.length < 4096 ? value : "");
  const [image, mask, kind] = [text(field("image")), text(field("mask")), text(field("kind"))];
  const name = text(field("name")) || className;
  const given = field("label");
  const label = given ?? (typeof normal === "string" && kind !== "" ? Number(kind !== normal) : undefined);
  if (image !== "" && name !== "" && (label === 0 || label === 1)) {
    return { name, image, mask: label ? mask : "", truth: label ? anomalous(kind) : NORMAL };
  }
  const wrong = image === "" ? "image_path" : name === "" ? "type" : "target";
  const message = `${where}: no usable ${wrong}; give image_path, target (0 or 1) and type (the class)`;
  throw new DatasetError("bad-layout", message);
}
