// What of the service's answers the page reads; its OpenAPI document has all of it.

import type { Box } from "@inctrl/datasets/web";

export type Verdict = "OK" | "REVIEW" | "NG" | "ERROR";

export interface Product {
  readonly name: string;
  readonly state: "serving" | "opening" | "error";
  readonly problem: string | null;
  readonly calibration: { readonly status: "hint" | "provisional" | "calibrated"; readonly n: number } | null;
  readonly promise: readonly string[];
  readonly drift: string | null;
  readonly orientation: "follow" | "ignore" | null;
  readonly version: number | null;
  readonly last_change: {
    readonly version: number;
    readonly what: string;
    readonly images: number;
    readonly made: string;
  } | null;
  readonly reviews: boolean;
  readonly learn: {
    readonly as: "calibration" | "prompt";
    readonly count: number;
    readonly refused: string | null;
  } | null;
}

export interface Part {
  readonly part: string;
  readonly sha256: string;
  readonly verdict: Verdict | null;
  readonly p_value: number | null;
  readonly scaled_score: number | null;
  readonly score: number | null;
  readonly width: number | null;
  readonly height: number | null;
  readonly regions: readonly { readonly box: Box }[] | null;
  readonly match: { readonly prompt: string } | null;
  readonly error: { readonly message: string } | null;
  readonly time: string;
  readonly review: { readonly verdict: "good" | "bad" } | null;
}

export type Counts = Readonly<Record<Verdict | "none", number>>;
