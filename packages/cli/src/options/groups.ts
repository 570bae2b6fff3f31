import { SHIPPED_MODEL } from "@inctrl/clip";
import { CALIBRATION_DEFAULTS, PRESETS } from "@inctrl/detect";
import { z } from "zod";
import { METHOD_NAMES } from "../methods.js";
import { type Extra, group, option } from "./option.js";
import {
  byteSize,
  flag,
  names,
  nonNegative,
  oneOf,
  oneOfNumbers,
  pairs,
  share,
  text,
  texts,
  whole,
  windowRange,
} from "./values.js";

// Options that several verbs have, each in the words of all.

/** A file, a folder, or several of both, that may be left out. */
export const file = (help: string, extra?: Extra | string) => option("<file>", help, text.optional(), extra);
export const folder = (help: string, extra?: Extra | string) =>
  option("<folder>", help, text.optional(), extra);
export const paths = (help: string) => option("<paths...>", help, texts.optional());

/** The address that a server listens on. */
export const host = (of: string) =>
  option("<address>", `${of}; 0.0.0.0 is all of them`, text.default("127.0.0.1"));

/** Where the work is done. */
export const device = option(
  "<which>",
  "auto, hardware, software, the number that `inctrl doctor` gives an adapter, or part of its name",
  text.optional(),
);

/** One JSON document instead of text for people. */
export const json = option("", "print one JSON document", flag.optional());

/** Which backbone, and what its file does not tell. */
export const backbone = {
  backbone: option(
    "<file|name>",
    "weights: a file, a name that `inctrl models` lists, or untrained:NAME?seed=N",
    text.default(SHIPPED_MODEL),
  ),
  modelConfig: option(
    "<file|name>",
    "the backbone's configuration, where its file does not tell it",
    text.optional(),
  ),
  vocabulary: file("CLIP's vocabulary (bpe_simple_vocab_16e6.txt.gz)"),
};

/** The same for verbs that called the backbone's configuration `--config` before. */
export const backboneOfOld = {
  ...backbone,
  modelConfig: { ...backbone.modelConfig, aliases: ["config"] },
};

/** How weights are held. */
export const dtype = option(
  "<type>",
  "how weights are kept, float32 or float16; float16 takes half the memory",
  oneOf("float32", "float16").default("float32"),
);

/** What computes the network. */
export const runtime = option(
  "<name>",
  "what computes the network: webgpu, ours, or onnxruntime on the processor (npm install onnxruntime-node); scores agree to 1e-4, and banks belong to one of the two",
  oneOf("webgpu", "onnxruntime").default("webgpu"),
);

/** Trained heads, or none. */
export const heads = (byDefault: string) =>
  option(
    "<file>",
    "trained InCTRL heads, or a released .pyth",
    z.union([text, z.literal(false)]).optional(),
    { byDefault, no: "score by the patch residual alone" },
  );

/** The weight of s_p beside the heads. */
export const alpha = option(
  "<A>",
  "weight of the patch residual in the score",
  nonNegative().optional(),
  "what the heads name, else 1",
);

/** In how many symmetries of the square prompts are compared. */
export const symmetries = option(
  "<N>",
  "1: compare with the prompts as they are; 8: rotated and mirrored as well",
  oneOfNumbers(1, 8).optional(),
  { byDefault: "as the backbone's configuration says; nano 8, others 1", aliases: ["turns"] },
);

/** How images become square, where tiles may be used. */
export const FIT_HELP = "how images become square: crop their middle, squash them, or tile them";
export const fits = oneOf("crop", "squash", "tile");

/** How files become pixels, of verbs that take data sets. */
export const reading = {
  window: option(
    "<range>",
    "values of 16-bit and floating-point images that become black and white: auto measures them on the normal images, full is all that a depth has, LO:HI names them",
    windowRange.default("auto"),
    "auto",
  ),
  orientation: option(
    "<how>",
    "follow or ignore the orientation that EXIF gives a photo",
    oneOf("follow", "ignore").optional(),
    "follow in your own folders; published sets as published",
  ),
  maxMegapixels: option(
    "<N>",
    "largest image that is opened, in megapixels; each takes up to 10 MB while it is read, in every thread",
    whole(1, 2000).default(100),
  ),
};

/** The same for the image files of `score`, whose bank may say how. */
export const readingOfFiles = {
  ...reading,
  window: { ...reading.window, schema: windowRange.optional(), byDefault: "auto, or as the bank was made" },
  orientation: { ...reading.orientation, byDefault: "follow, or as the bank was made" },
};

/** All options of a method at once. */
export const preset = (help: string) => option("<name>", help, oneOf(...PRESETS).optional());

/** Some options of a method. */
export const set = (help: string, example: string) =>
  option("<name=value...>", help, pairs(`give an option and its value, such as ${example}`).default({}));

/** The method that scores, and its options. */
export const method = {
  method: option(
    "<name>",
    "the method that scores; its name stands below",
    oneOf(...METHOD_NAMES).optional(),
    {
      byDefault: "as the bank was made; else inctrl with heads or a class, and residual without",
      aliases: ["detector"],
    },
  ),
  preset: preset(
    "all options of the method at once, as its paper, its released program or anomalib has them",
  ),
  set: set("options of the method, such as aggregate=top3", "aggregate=top3"),
};

/** The model that scores images, of verbs for image files. */
export const scoringModel = {
  ...backboneOfOld,
  heads: heads("nano's own, with nano and --class"),
  class: option("<name>", "the product's name, for models that know text", text.optional()),
  ...method,
  alpha,
  symmetries,
  dtype,
  runtime,
};

/** How many images are scored together. */
export const batch = option(
  "<N>",
  "images scored together; the scores do not depend on it",
  whole(1, 1024).optional(),
  "as many as suit the model and the adapter",
);

/** Threads that read images. */
export const threads = option(
  "<N>",
  "threads that decode images; 0 decodes on the main thread",
  whole(0, 64).optional(),
  "0 on a software adapter, else one less than there are cores, at most 8",
);

/** Where runs over many machines lie. */
export const runs = option(
  "<folder|s3://...>",
  "where runs lie: a folder that all machines see, or a place in a bucket",
  text.default("runs"),
);

/** Where the queue of runs lies. */
export const redis = option(
  "<address>",
  "where Redis or Valkey is: redis://HOST:6379, rediss:// with TLS, or unix:/path/to/socket",
  text.optional(),
  "INCTRL_REDIS",
);

/** Images of a job. */
export const chunk = option(
  "<N>",
  "images of a job: a share of the work that is done or not, best 20 to 60 s of it",
  whole(1, 100_000).default(512),
);

/** What a line promises. */
export const falseAlarms = option(
  "<share>",
  "share of good parts that may be flagged",
  share("above 0").default(CALIBRATION_DEFAULTS.alpha),
  "1%",
);

/** Which categories of the data. */
export const category = option("<names>", "only these categories, separated by commas", names.optional());

/** A seed of a random generator. */
export const seedValue = whole(0, 0xffffffff);

/** The most that cached features may take. */
export const cacheLimit = option(
  "<size>",
  "most that cached features may take, such as 500MB",
  byteSize.default(20e9),
  "20GB",
);

/** Files of a verb that trains. */
export const trainingFiles = (out: string) =>
  group("Files", {
    out: option("<folder>", "where everything is written", text.default(out)),
    config: file("settings from a JSON or YAML file", { configFile: true }),
    resume: option("", "go on from the checkpoint in the folder, where there is one", flag.default(false)),
  });

/** The group that holds `device` and what else belongs to the machine. */
export const machine = group("Machine", { device });
/** The same for commands that score images. */
export const scoringMachine = { ...machine, ...group("Machine", { batch, threads }) };
