import type { DriftBaseline, DriftState, DriftTest } from "./monitor.js";

const CAUSES = {
  light: "the light has changed",
  camera: "the camera has moved or lost its focus",
  product: "the parts have changed",
} as const;

const NAMES: Readonly<Record<DriftTest["name"], string>> = {
  ...{ score: "score", brightness: "brightness", contrast: "contrast" },
  ...{ sharpness: "sharpness", patches: "residual of all patches" },
  feature: "distance of class features",
};

/**
 * What has drifted, in a line with numbers; null while all is steady.
 *
 * @example
 * driftText(monitor.state);
 * // "drift (light): the light has changed; brightness 141 -> 118 (-8.6 s.d.), score 0.021 -> 0.034 (+3.4 s.d.); 31% of the last parts above the 90th percentile of good ones"
 */
export function driftText({ cause, hits, rising, falling, tests }: DriftState): string | null {
  if (cause === null) return null;
  const moved = tests
    .filter((test) => test.moved)
    .map(({ name, before, now, shift }) => {
      const by = `${shift < 0 ? "" : "+"}${shift.toFixed(1)} s.d.`;
      return `${NAMES[name]} ${Number(before.toPrecision(3))} -> ${Number(now.toPrecision(3))} (${by})`;
    });
  const share =
    rising >= 1 || falling >= 1
      ? [`${Math.round(100 * (hits ?? 0))}% of the last parts above the 90th percentile of good ones`]
      : [];
  return `drift (${cause}): ${CAUSES[cause]}; ${[moved.join(", "), ...share].filter(Boolean).join("; ")}`;
}

/** What of drift cannot be followed, and how to mend it; null where all is. */
export const unfollowedText = ({ facts }: Pick<DriftBaseline, "facts">): string | null =>
  facts
    ? null
    : "by scores alone, since the calibration is of an earlier version and lacks facts of what the bank looks at; calibrate it again";
