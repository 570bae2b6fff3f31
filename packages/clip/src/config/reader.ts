import { boundedJson, quoted } from "@inctrl/tensor/files";
import { ClipError } from "../errors.js";

/** Reads the fields of untrusted JSON one by one; `end` refuses those that were not asked for. */
export class FieldReader {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #path: string;
  readonly #asked = new Set<string>();

  constructor(value: unknown, path: string) {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw new ClipError("config", `${path}: must be a JSON object`);
    this.#fields = value as Record<string, unknown>;
    this.#path = path;
  }

  /** The fields of a whole configuration: JSON, or the parsed value. @throws ClipError `config`. */
  static of(text: unknown): FieldReader {
    try {
      return new FieldReader(typeof text === "string" ? boundedJson(text) : text, "config");
    } catch (cause) {
      if (cause instanceof ClipError) throw cause;
      throw new ClipError(
        "config",
        "config: is not JSON, or nested too deeply; give the model's config.json",
        { cause },
      );
    }
  }

  has(key: string): boolean {
    this.#asked.add(key);
    return Object.hasOwn(this.#fields, key) && this.#fields[key] !== null;
  }

  /** The field as it is; undefined when absent or null. */
  raw(key: string): unknown {
    return this.has(key) ? this.#fields[key] : undefined;
  }

  /** All fields as they are. */
  raws(): Readonly<Record<string, unknown>> {
    return this.#fields;
  }

  /** Reads the object in a field. */
  inside(key: string): FieldReader {
    return new FieldReader(this.raw(key), `${this.#path}.${key}`);
  }

  /** A whole number in [1, max]. */
  size(key: string, max: number, fallback?: number): number {
    const value = this.#required(key, fallback);
    if (!Number.isSafeInteger(value) || (value as number) < 1 || (value as number) > max)
      this.fail(key, `must be a whole number from 1 to ${max}`, value);
    return value as number;
  }

  /** A finite number in (0, max]. */
  positive(key: string, max: number, fallback?: number): number {
    const value = this.#required(key, fallback);
    if (typeof value !== "number" || !(value > 0 && value <= max))
      this.fail(key, `must be a number above 0, at most ${max}`, value);
    return value as number;
  }

  flag(key: string, fallback: boolean): boolean {
    const value = this.#required(key, fallback);
    if (typeof value !== "boolean") this.fail(key, "must be true or false", value);
    return value;
  }

  /** One of some words; the first where the field is absent. */
  oneOf<T extends string>(key: string, words: readonly T[]): T {
    const value = this.#required(key, words[0]);
    const found = words.find((word) => word === value);
    return found ?? this.fail(key, `must be ${words.map((word) => `"${word}"`).join(" or ")}`, value);
  }

  text(key: string): string | undefined {
    const value = this.raw(key);
    if (value !== undefined && typeof value !== "string") this.fail(key, "must be text", value);
    return value as string | undefined;
  }

  triple(key: string, fallback: readonly [number, number, number], min: number): [number, number, number] {
    const value = this.#required(key, fallback);
    const good = (x: unknown) => typeof x === "number" && x >= min && x <= 1;
    if (!Array.isArray(value) || value.length !== 3 || !value.every(good))
      this.fail(key, `must be three numbers from ${min} to 1`, value);
    return [...(value as [number, number, number])];
  }

  /** Accepts fields that do not matter here. */
  ignore(...keys: string[]): void {
    for (const key of keys) this.#asked.add(key);
  }

  /** @throws ClipError `config` for a field that was never asked for, since an unknown setting may change the network. */
  end(): void {
    const unknown = Object.keys(this.#fields).filter(
      (key) => !this.#asked.has(key) && this.#fields[key] !== null,
    );
    if (unknown.length > 0)
      throw new ClipError(
        "config",
        `${this.#path}: does not know ${unknown
          .slice(0, 5)
          .map((key) => JSON.stringify(key))
          .join(", ")}; remove it or use a plain ViT configuration`,
      );
  }

  fail(key: string, rule: string, value: unknown): never {
    const flat =
      Array.isArray(value) && value.length <= 8 ? `[${value.map(quoted).join(", ")}]` : quoted(value);
    const shown = value === undefined ? "is absent" : `is ${flat.slice(0, 60)}`;
    throw new ClipError("config", `${this.#path}.${key}: ${rule}, but ${shown}`);
  }

  #required(key: string, fallback: unknown): unknown {
    return this.has(key) ? this.#fields[key] : fallback;
  }
}
