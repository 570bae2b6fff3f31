/** A sign and words for each verdict. */
export const WORDS = {
  OK: ["✓", "Good"],
  REVIEW: ["?", "Look at it"],
  NG: ["✕", "Not good"],
  ERROR: ["!", "Could not be told"],
} as const;

/** Where a line stands. */
export const TITLES = { hint: "Hint", provisional: "Provisional", calibrated: "Calibrated" } as const;
