import { count, isPlain, windowText } from "@inctrl/datasets";
import type { CategoryResult, Evaluation } from "../evaluation/types.js";

/** Facts of a run, which every result file states. */
export interface RunFacts {
  readonly version: string;
  /** When the results were written, ISO 8601. */
  readonly date: string;
  /** The data set as named on the command line. */
  readonly data: string;
  readonly backbone: string;
  /** Hash of the image tower's weights. */
  readonly fingerprint: string;
  /** The file and its sha256. */
  readonly heads: { readonly file: string; readonly sha256: string } | null;
  readonly class: string | null;
  readonly dtype: string;
  readonly device: string;
}

/** The facts for people, each a title and a text. */
export function factLines(
  facts: RunFacts,
  { dataSet, shots, seeds, settings, categories }: Evaluation,
): [string, string][] {
  const { heads } = facts;
  const drawn =
    seeds[0] === null
      ? "the first by name"
      : `${count(seeds.length, "draw")}, ${seeds.length === 1 ? "seed" : "seeds"} ${range(seeds as number[])}`;
  const symmetries = settings["prompt turns"] === undefined ? "" : "; rotated and mirrored as well";
  const { components, aggregate, alpha } = settings;
  return [
    ["Data", `${facts.data} (${dataSet})`],
    [
      "Backbone",
      `${facts.backbone}, fingerprint ${facts.fingerprint.slice(0, 16)}, blocks ${spaced(settings.blocks)}`,
    ],
    ["Heads", heads ? `${heads.file}, sha256 ${heads.sha256.slice(0, 16)}` : "none"],
    ["Prompts", `K = ${shots.join(", ")}; ${drawn}${symmetries}`],
    ...line("Score", components && `components ${spaced(components)}; s_p: ${aggregate}; alpha ${alpha}`),
    ...line("Class name", facts.class),
    ["Images", `fit: ${settings.fit}; weights in ${facts.dtype}`],
    ...line("Orientation", settings.orientation),
    ...line("Window", categories.flatMap(shownWindow).join(", ")),
    [
      "Made",
      `${facts.date.slice(0, 16).replace("T", " ")} UTC by inctrl ${facts.version} on ${facts.device}`,
    ],
  ];
}

/** The window of a category whose images are not plain ones of 8 bits. */
const shownWindow = ({ name, window = "full" }: CategoryResult): string[] =>
  isPlain(window) ? [] : [`${name} ${windowText(window)}`];

const spaced = (list: string): string => list.replaceAll(",", ", ");

/** A fact that some runs do not have. */
const line = (title: string, text: string | null | undefined): [string, string][] =>
  text ? [[title, text]] : [];

const range = (seeds: readonly number[]): string =>
  seeds.length === 1 ? "0" : `0 to ${seeds[seeds.length - 1]}`;
