import { count } from "@inctrl/datasets";
import {
  type CalibratedJudge,
  type DriftCause,
  DriftMonitor,
  type DriftTest,
  driftText,
  type ImageScore,
  imageFacts,
  unfollowedText,
} from "@inctrl/detect";
import { LRUCache } from "lru-cache";

/** Parts of which the bytes are known again. */
const REMEMBERED = 10_000;

/** Follows whether the parts of a product are still like the calibration images of its bank. It changes nothing by itself. */
export class ProductDrift {
  /** sha256 of the bank whose parts count. */
  readonly bank: string;
  readonly #monitor: DriftMonitor;
  readonly #unfollowed: string | null;
  readonly #seen = new LRUCache<string, true>({ max: REMEMBERED });
  #cause: DriftCause | null = null;

  private constructor(bank: string, { baseline }: CalibratedJudge) {
    this.bank = bank;
    this.#monitor = new DriftMonitor(baseline);
    this.#unfollowed = unfollowedText(baseline);
  }

  /** Null where there are no good images besides the prompts: parts could be compared with nothing. */
  static of(bank: string, judge: CalibratedJudge | null): ProductDrift | null {
    return judge === null || judge.line.status === "hint" ? null : new ProductDrift(bank, judge);
  }

  /** The last look at the quantities that drift is told by; none before there were enough parts. */
  get tests(): readonly DriftTest[] {
    return this.#monitor.state.tests;
  }

  /** Parts so far. */
  get parts(): number {
    return this.#monitor.state.parts;
  }

  /** What has drifted; null while all is steady. */
  get cause(): DriftCause | null {
    return this.#cause;
  }

  /** What is known, in a line. */
  get text(): string {
    const drifted = driftText(this.#monitor.state);
    if (drifted) return drifted;
    const by = this.#unfollowed === null ? "" : `; it is followed ${this.#unfollowed}`;
    return `no drift: ${count(this.parts, "part")} since the bank was opened${by}`;
  }

  /** Takes a part. The same bytes count once. @returns whether an alarm begins, or goes over to another cause. */
  add(sha256: string, result: ImageScore): boolean {
    if (this.#seen.has(sha256)) return false;
    this.#seen.set(sha256, true);
    this.#monitor.add(result.score, imageFacts(result));
    const before = this.#cause;
    this.#cause = this.#monitor.state.cause;
    return this.#cause !== null && this.#cause !== before;
  }
}
