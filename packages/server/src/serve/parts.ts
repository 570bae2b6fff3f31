import type { PlacedMap } from "@inctrl/detect";
import { LRUCache } from "lru-cache";
import type { ProductIds } from "./product.js";
import { Refusal } from "./refusal.js";
import type { PartAnswer } from "./schemas.js";

/** A part that was seen: its answer, its picture, and where it is unusual. */
export interface Part {
  /** Another one once a person has said something of the part. */
  answer: PartAnswer;
  readonly image: Uint8Array;
  /** The map over the picture; null for a part that could not be told. */
  readonly map: PlacedMap | null;
}

/** A part is scored once: what is asked of it again while it is at work waits for the same answer. */
interface AtWork {
  readonly sha256: string;
  readonly bank: string;
  readonly part: Promise<Part>;
}

const keyOf = (product: string, part: string): string => JSON.stringify([product, part]);

/** What a part takes besides its picture and map. */
const RECORD_BYTES = 4096;

/** The last parts, as many as fit into a number of bytes. */
export class PartStore {
  readonly #kept: LRUCache<string, Part>;
  readonly #atWork = new Map<string, AtWork>();

  constructor(maxBytes: number) {
    this.#kept = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: ({ image, map }) => RECORD_BYTES + image.length + (map?.map.values.byteLength ?? 0),
    });
  }

  /** A kept part. Looking does not keep it longer. */
  find(product: string, part: string): Part | null {
    return this.#kept.peek(keyOf(product, part)) ?? null;
  }

  /** The parts of a product, the last first. */
  *last(product: string): Generator<Part> {
    for (const part of this.#kept.values()) if (part.answer.product === product) yield part;
  }

  /**
   * The part under an id: as it is kept, as it is at work, or as `score` gives it.
   *
   * @throws Refusal 409 where another picture was decided under the id. One that could not be told decides nothing.
   */
  async once(
    id: {
      readonly product: string;
      readonly part: string;
      readonly sha256: string;
      readonly ids: ProductIds;
    },
    score: () => Promise<Part>,
  ): Promise<Part> {
    const { product, part, sha256, ids } = id;
    const key = keyOf(product, part);
    const kept = this.#kept.peek(key);
    const decided = kept && kept.answer.verdict !== "ERROR" ? kept : null;
    const working = this.#atWork.get(key);
    const known = working ?? (decided && { sha256: decided.answer.sha256, bank: decided.answer.ids.bank });
    if (known && known.sha256 !== sha256)
      throw new Refusal(
        409,
        "other-image",
        `part ${part} came before with another picture (sha256 ${known.sha256.slice(0, 12)}...); give each part an id of its own`,
      );
    if (working?.bank === ids.bank) return working.part;
    if (decided?.answer.ids.bank === ids.bank) return decided;
    const scored = score();
    const entry = { sha256, bank: ids.bank, part: scored };
    this.#atWork.set(key, entry);
    try {
      const found = await scored;
      this.#kept.set(key, found);
      return found;
    } finally {
      if (this.#atWork.get(key) === entry) this.#atWork.delete(key);
    }
  }
}
