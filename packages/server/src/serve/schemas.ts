import { z } from "zod";

// What requests and answers hold. Each schema checks, gives the type, and is what the OpenAPI document says.

const box = z.object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() });
const grid = z.tuple([z.number(), z.number()]);

export const verdict = z
  .enum(["OK", "REVIEW", "NG", "ERROR"])
  .describe("OK, to be looked at, not good, or that it could not be told: never take ERROR for OK");

const error = z.object({
  code: z.string().describe("a stable name of the reason"),
  message: z.string().describe("what is wrong and how to mend it, for people"),
});

const ids = z
  .object({
    bank: z.string().describe("sha256 of the bank's file"),
    calibration: z.string().nullable().describe("hash of what judges; null without a line"),
    model: z.string().describe("fingerprint of the backbone's weights"),
  })
  .describe("what the verdict stands on");

const review = z.object({
  verdict: z.enum(["good", "bad"]).describe("what a person said of the part"),
  time: z.string(),
});

/** A part as every route tells it. */
export const partAnswer = z.object({
  product: z.string(),
  part: z.string(),
  sha256: z.string().describe("of the picture's bytes"),
  verdict: verdict.nullable().describe("null for a product without a line: a score is no decision"),
  p_value: z.number().nullable().describe("the share of good parts that score at least as high"),
  scaled_score: z.number().nullable().describe("0 to 1; above 0.5 exactly where the verdict is NG"),
  score: z.number().nullable().describe("higher is more anomalous; null for ERROR"),
  residual: z.number().nullable(),
  image_residual: z.number().nullable(),
  text: z.number().nullable(),
  phi: z.number().nullable(),
  parts: z.record(z.string(), z.number()).optional().describe("what the score of other methods is made of"),
  width: z.number().nullable().describe("of the picture, in pixels"),
  height: z.number().nullable(),
  patch: z
    .object({ width: z.number(), height: z.number() })
    .nullable()
    .describe("pixels of the picture that a patch covers: of a smaller defect, little is seen"),
  regions: z
    .array(z.object({ box, area: z.number(), peak: z.number(), outline: z.array(z.array(z.number())) }))
    .nullable()
    .describe(
      "where it is unusual, in pixels of the picture; outlines are x and y in turn, around the patches",
    ),
  match: z
    .object({
      prompt: z.string(),
      patch: z.number(),
      query_patch: z.number(),
      query_grid: grid.optional(),
      prompt_grid: grid.optional(),
    })
    .nullable()
    .describe("the most anomalous patch, and the patch of a good image that is nearest to it"),
  calibration: z
    .object({
      status: z.enum(["hint", "provisional", "calibrated"]),
      alpha: z.number(),
      n: z.number(),
      threshold: z.number(),
    })
    .nullable(),
  fit: z.string().nullable(),
  window: z.string().nullable(),
  view: z.number().nullable(),
  box: box.nullable().describe("the part of the picture that decided"),
  ids,
  error: error.nullable().describe("why the verdict is ERROR"),
  note: z.string().nullable().describe("why an OK is not to be relied on; null where the line is calibrated"),
  time: z.string().describe("when it came, as ISO 8601 has it"),
  took_ms: z.object({ queue: z.number(), score: z.number() }),
  review: review.nullable(),
});
export type PartAnswer = z.output<typeof partAnswer>;

const kept = z.number().int();

export const partsAnswer = z.object({
  parts: z.array(partAnswer),
  counts: z
    .object({ OK: kept, REVIEW: kept, NG: kept, ERROR: kept, none: kept })
    .describe("parts of the product that are kept, by verdict, whatever was asked for"),
});

/** What every refusal looks like. `verdict` is there where a verdict was asked for. */
export const refusalAnswer = z.object({ verdict: z.literal("ERROR").optional(), error });

export const productAnswer = z.object({
  name: z.string(),
  state: z.enum(["serving", "opening", "error"]),
  problem: z.string().nullable().describe("why its bank file was refused"),
  ids: ids.nullable(),
  method: z.string().nullable(),
  calibration: partAnswer.shape.calibration,
  promise: z.array(z.string()).describe("what its line promises, in sentences"),
  drift: z
    .string()
    .nullable()
    .describe("whether parts are still like the calibration images, in a line; null where there are none"),
  prompts: z.array(z.object({ name: z.string(), sha256: z.string().nullable() })),
  orientation: z
    .enum(["follow", "ignore"])
    .nullable()
    .describe("whether the orientation in EXIF is followed: pixels of regions are counted so"),
  version: z.number().nullable().describe("of its bank, which counts changes"),
  last_change: z
    .object({ version: z.number(), what: z.string(), images: z.number(), made: z.string() })
    .nullable()
    .describe("what made this version"),
  reviews: z.boolean().describe("whether the service keeps what people say of parts"),
  learn: z
    .object({
      as: z.enum(["calibration", "prompt"]).describe("what a good part becomes"),
      count: z.number().describe("parts that were confirmed and that the bank does not know"),
      refused: z.string().nullable().describe("why nobody may change the bank over HTTP"),
    })
    .nullable()
    .describe("what POST .../learn would add"),
});
export type ProductAnswer = z.output<typeof productAnswer>;

/** A name in a path. */
export const productParams = z.object({ name: z.string().min(1).max(200) });

const partId = z
  .string()
  .regex(/^[^\p{Cc}\p{Cs}]{1,200}$/u, "1 to 200 characters, none of which controls a terminal")
  .describe("what the line calls the part");

export const partParams = productParams.extend({ id: partId });

export const scoreQuery = z.object({ part: partId.optional().describe("default: an id that is drawn") });

export const partsQuery = z.object({
  verdict: verdict.optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(50),
});

export const mapQuery = z.object({
  legend: z
    .enum(["true", "false"])
    .default("true")
    .describe("whether the colour bar with its numbers stands beside the picture"),
});

export const undoBody = z.object({
  version: z.number().int().min(2).describe("the version that is taken back; it must be the present one"),
});

export const reviewBody = z.object({ verdict: z.enum(["good", "bad"]) });
