// What to do at the command line about an error of a library. Libraries know no options: their messages say what is
// wrong, their codes are stable, and the hint is added here.

/** Hints by the error's name and code. */
const HINTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  DetectError: {
    calibration: "inctrl calibrate makes one",
    bank: "make one with --save-bank",
    images: "--files takes folders and files",
    vocabulary: 'run "inctrl models pull clip-vocabulary" or give its file with --vocabulary',
    "cache-limit": "raise --cache-limit",
    "class-name": "name the product with --class",
    option: "options of methods are given with --set NAME=VALUE; --help lists them",
    window: "with --window LO:HI you name them",
  },
  ImageError: {
    "too-large": "--max-megapixels allows it",
    depth: "--window full shows each depth by its whole range",
  },
  InctrlError: {
    vocabulary: 'run "inctrl models pull clip-vocabulary" or give its file with --vocabulary',
  },
  TrainingError: {
    checkpoint: "leave --resume out to begin again, or choose another --out",
    steps: "raise --epochs",
    diverged: "lower --lr",
  },
  ClipError: {
    tiles: "use --fit crop or --fit squash, or another --tile",
  },
  ServerError: {
    options: "give --token-file FILE, or --no-token-file to serve everyone",
  },
  PretrainError: {
    configuration: "check --model",
    vocabulary: "give other weights with --from",
    renderer: "run the same command again with --resume",
    diverged: "lower --lr",
  },
};

/** How to mend an error with options of this command; undefined where no option mends it. */
export function hintFor(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return undefined;
  return hintOf(error.name, error.code);
}

/** The hint for an error's name and code, where they are all that is left of it. */
export function hintOf(name: string, code: string): string | undefined {
  const hints = Object.hasOwn(HINTS, name) ? HINTS[name] : {};
  return Object.hasOwn(hints, code) ? hints[code] : undefined;
}
