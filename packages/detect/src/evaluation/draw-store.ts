import { type FileHandle, open } from "node:fs/promises";
import type { Box } from "@inctrl/datasets";
import { orClosed, quoted, readTextIfThere } from "@inctrl/tensor/files";
import { DetectError } from "../errors.js";
import { readSealed, sealLine } from "../files/sealed-lines.js";
import { fits, listOf, object, orNull, text } from "../shape.js";
import type { Draw, Settings } from "./types.js";

export type DrawKey = Pick<Draw, "category" | "shots" | "seed">;

/** A finished draw, and which images it was measured on. */
export interface StoredDraw extends Draw {
  /** The category's fingerprint. */
  readonly data: string;
}

/** Part of a draw, of a category too large for one piece. */
export interface StoredPart extends DrawKey {
  readonly data: string;
  /** The first test sample of the part. */
  readonly from: number;
  readonly prompts: readonly string[];
  readonly scores: readonly (number | null)[];
  /** Time of the whole part. */
  readonly seconds: number;
  readonly skipped: Draw["skipped"];
  /** Maps for pixel metrics, float32 in base64; empty without masks. `owner` is the sample's index. */
  readonly maps: readonly {
    readonly owner: number;
    readonly box: Box;
    readonly map: string;
    /** Absent where the map is square. */
    readonly rows?: number;
  }[];
}

/** A line of the file: the first has format, version and settings, the others a draw or a part. */
type Line = Partial<{
  format: string;
  version: number;
  settings: Settings;
  kind: string;
  draw: StoredDraw;
  part: StoredPart;
}> | null;

const FORMAT = "inctrl-evaluation";
const VERSION = 1;
/** Most bytes of a store: what a text in JavaScript can hold. */
const MAX_BYTES = 5e8;
/** A fingerprint by content. Earlier ones, by the sizes of files, were shorter. */
const BY_CONTENT = /^[0-9a-f]{64}$/;
/** How every store begins. */
const FIRST = `{"format":"${FORMAT}"`;

/**
 * Draws as they finish, a line of JSON each after a first line with the run's settings: a run that ends at any moment
 * loses the line at work and nothing else. Each line ends with a checksum over it and all before it. Without a path they are held
 * in memory.
 *
 * @example
 * const store = await DrawStore.open("results/draws.jsonl", settings);
 * await store.addDraw(draw);
 * await store.close();
 */
export class DrawStore {
  readonly #path: string;
  #file: FileHandle | null = null;
  readonly #draws = new Map<string, StoredDraw>();
  readonly #parts = new Map<string, StoredPart[]>();
  /** What the checksum of the next line goes on from. */
  #seal = "";
  /** False for a file of a version before checksums. */
  sealed = true;
  /** Draws of a version that did not know images by content: they count as absent until they are measured again. */
  readonly #outdated = new Set<string>();

  private constructor(path: string) {
    this.#path = path;
  }

  /**
   * Opens a store, or starts one.
   *
   * @throws DetectError `evaluation` for a file that is no store, and for one of a run with other settings; TensorFileError for
   * what is no plain file.
   */
  static async open(path: string | undefined, settings: Settings): Promise<DrawStore> {
    if (path === undefined) return new DrawStore("");
    const text = (await readTextIfThere(path, MAX_BYTES)) ?? "";
    const store = DrawStore.of(path, text, settings);
    const file = await open(path, "a");
    store.#file = file;
    return orClosed(file, async () => {
      // The process ended in the middle of a line: what there is of it goes.
      const whole = wholeLines(text);
      if (whole.length < text.length) await file.truncate(Buffer.byteLength(whole));
      if (whole === "") await store.#append({ format: FORMAT, version: VERSION, settings });
      return store;
    });
  }

  /** The draws in the text of a store, which writes nothing. @throws DetectError `evaluation` as `open`. */
  static of(path: string, text: string, settings: Settings): DrawStore {
    const store = new DrawStore(path);
    const whole = wholeLines(text);
    if (whole === "" && !FIRST.startsWith(text.slice(0, FIRST.length))) throw store.#damaged(1);
    store.#read(whole, settings);
    return store;
  }

  /** The text of a store with these draws. */
  static textOf(settings: Settings, draws: readonly StoredDraw[]): string {
    let state = "";
    const entries = [
      { format: FORMAT, version: VERSION, settings },
      ...draws.map((draw) => ({ kind: "draw", draw })),
    ];
    const lines = entries.map((entry) => {
      const sealed = sealLine(entry, state);
      state = sealed.state;
      return sealed.line;
    });
    return lines.join("");
  }

  /** Its finished draws, in the order in which they came. */
  get draws(): StoredDraw[] {
    return [...this.#draws.values()];
  }

  #read(whole: string, settings: Settings): void {
    let read = 0;
    for (const { entry, state, sealed } of readSealed(whole)) {
      read++;
      this.#take(entry as Line, read, settings);
      this.#seal = state;
      this.sealed = sealed;
    }
    if (read < whole.split("\n").length - 1) throw this.#damaged(read + 1);
  }

  #take(entry: Line, line: number, settings: Settings): void {
    if (line === 1) this.#checkSettings(entry, settings);
    else if (entry?.kind === "draw" && fits(entry.draw, DRAW)) {
      if (this.#isKnown(entry.draw!)) this.#keepDraw(entry.draw!);
    } else if (entry?.kind === "part" && fits(entry.part, PART)) {
      if (this.#isKnown(entry.part!)) this.#keepPart(entry.part!);
    } else throw this.#damaged(line);
  }

  #isKnown(entry: DrawKey & { readonly data: string }): boolean {
    const known = BY_CONTENT.test(entry.data);
    if (!known) this.#outdated.add(keyOf(entry));
    return known;
  }

  /** Whether some draws are of a version that knew images by their size. */
  get outdated(): boolean {
    return this.#outdated.size > 0;
  }

  #damaged(line: number): DetectError {
    return new DetectError(
      "evaluation",
      `${this.#path}: line ${line} is no result of an evaluation, or is not as it was written; delete the file or choose another folder`,
    );
  }

  #checkSettings(first: Line, settings: Settings): void {
    const stored = first?.settings;
    if (first?.format !== FORMAT || first.version !== VERSION || !fits(stored, object))
      throw this.#damaged(1);
    for (const name of new Set([...Object.keys(stored!), ...Object.keys(settings)])) {
      if (stored![name] === settings[name]) continue;
      const [was, is] = [stored!, settings].map((from) =>
        from[name] === undefined ? "none" : quoted(String(from[name])),
      );
      throw new DetectError(
        "evaluation",
        `${this.#path}: holds results of another run: ${name} was ${was} and now is ${is}; choose another folder or ` +
          "delete the file",
      );
    }
  }

  /**
   * A finished draw.
   *
   * @throws DetectError `evaluation` when it was measured on other images.
   */
  draw(key: DrawKey, data: string): StoredDraw | undefined {
    const found = this.#draws.get(keyOf(key));
    if (found) this.#checkData(found, data);
    return found;
  }

  /** Whether a draw is finished, on whatever images. */
  has(key: DrawKey): boolean {
    return this.#draws.has(keyOf(key));
  }

  /** Finished parts of an unfinished draw, in order. */
  parts(key: DrawKey, data: string): readonly StoredPart[] {
    const found = this.#parts.get(keyOf(key)) ?? [];
    for (const part of found) this.#checkData(part, data);
    return found;
  }

  #checkData(found: DrawKey & { readonly data: string }, data: string): void {
    if (found.data === data) return;
    throw new DetectError(
      "evaluation",
      `${this.#path}: the images of ${quoted(found.category)} are no longer those that were measured; choose another ` +
        "folder or delete the file",
    );
  }

  async addDraw(draw: StoredDraw): Promise<void> {
    this.#keepDraw(draw);
    await this.#append({ kind: "draw", draw });
  }

  #keepDraw(draw: StoredDraw): void {
    const key = keyOf(draw);
    this.#draws.set(key, draw);
    this.#parts.delete(key);
    this.#outdated.delete(key);
  }

  /** Stores a part for a later run; this one holds what is in it. */
  async addPart(part: StoredPart): Promise<void> {
    await this.#append({ kind: "part", part });
  }

  #keepPart(part: StoredPart): void {
    const before = this.#parts.get(keyOf(part)) ?? [];
    this.#parts.set(keyOf(part), [...before, part]);
  }

  async #append(entry: object): Promise<void> {
    if (!this.#file) return;
    const { line, state } = sealLine(entry, this.#seal);
    await this.#file.appendFile(line);
    await this.#file.datasync();
    this.#seal = state;
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }
}

const wholeLines = (text: string): string => text.slice(0, text.lastIndexOf("\n") + 1);

const keyOf = ({ category, shots, seed }: DrawKey): string => JSON.stringify([category, shots, seed]);

/** What draws and their parts have in common. */
const ENTRY = {
  category: text,
  shots: Number.isInteger,
  seed: orNull(Number.isInteger),
  data: text,
  prompts: listOf(text),
  scores: listOf(orNull(Number.isFinite)),
  seconds: Number.isFinite,
  skipped: listOf({ id: text, reason: text }),
};
const DRAW = {
  ...ENTRY,
  metrics: object,
  calibration: (value: unknown) => value === undefined || fits(value, listOf(Number.isFinite)),
};
const BOX = { x: Number.isFinite, y: Number.isFinite, width: Number.isFinite, height: Number.isFinite };
const PART = { ...ENTRY, from: Number.isInteger, maps: listOf(isMap) };

/** Whether a stored map has values for all its rows and columns. */
function isMap(value: unknown): boolean {
  if (!fits(value, { owner: Number.isInteger, box: BOX, map: text })) return false;
  const { map, rows } = value as StoredPart["maps"][number];
  const values = /^[A-Za-z0-9+/]+={0,2}$/.test(map) ? Buffer.byteLength(map, "base64") / 4 : 0;
  const high = rows ?? Math.sqrt(values);
  return Number.isInteger(values) && Number.isInteger(high) && high > 0 && values % high === 0 && values > 0;
}
