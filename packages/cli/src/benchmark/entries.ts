import { createHash } from "node:crypto";
import { PRESETS, type Preset } from "@inctrl/detect";
import { CliError } from "../errors.js";
import { type ChosenMethod, chooseMethod, METHOD_NAMES } from "../methods.js";

/** A method of a comparison, and the network that it stands on. */
export interface Entry extends ChosenMethod {
  /** Its name in tables: the one that it was given, or the whole entry. */
  readonly label: string;
  readonly backbone: string;
  /** Files that take the place of `file` for data sets, by their names. */
  readonly files: Readonly<Record<string, string>>;
  /** Its name in names of files. */
  readonly fileName: string;
}

/** How an entry is written. */
export const ENTRY_FORM = "[NAME=]METHOD[:PRESET][?OPTION=VALUE&...][@BACKBONE]";

/** Separates entries at commas; those within the value of an option stay. */
export const splitEntries = (text: string): string[] =>
  text.split(/,(?=(?:[^,=?:@&]+=)?[a-z][a-z-]*(?:[:?@,]|$))/).filter(Boolean);

/** What an option begins with that names the trained file for a data set. */
const OF_SET = "heads.";

/**
 * Reads an entry of `ENTRY_FORM`. The option `heads` names the file that a training left, and `heads.NAME` another one for the data set
 * of that name.
 *
 * @param given the backbone and heads of entries that name none.
 * @example
 * parseEntry("P+T=inctrl?components=P,T&heads=run/heads.safetensors@deit-tiny", { backbone: "nano" }).label; // "P+T"
 */
export function parseEntry(text: string, given: { backbone: string; heads?: string | false }): Entry {
  const form = /^(?:([^,=?:@&]+)=)?([a-z-]+)(?::([a-z]+))?(?:\?([^@]*))?(?:@(.+))?$/;
  const [, label = text, name, preset, query = "", backbone = given.backbone] = text.match(form) ?? [];
  const fail = (why: string) => new CliError("option", `--methods ${text}: ${why}`);
  if (name === undefined || !METHOD_NAMES.includes(name))
    throw fail(`give ${ENTRY_FORM}, with one of ${METHOD_NAMES.join(", ")}`);
  if (preset !== undefined && !PRESETS.includes(preset as Preset))
    throw fail(`its preset is none of ${PRESETS.join(", ")}`);
  const pairs = query.split("&").filter(Boolean);
  const wrong = pairs.find((pair) => !/^[^=]+=./.test(pair));
  if (wrong !== undefined) throw fail(`"${wrong}" is no option with a value; give OPTION=VALUE`);
  const options = pairs.map((pair) => pair.split(/=(.*)/s).slice(0, 2));
  const isFile = ([option]: string[]) => option === "heads" || option.startsWith(OF_SET);
  const set = Object.fromEntries(options.filter((pair) => !isFile(pair)));
  const { heads, ...bySet } = Object.fromEntries(options.filter(isFile)) as Record<string, string>;
  if (Object.keys(bySet).length > 0 && !heads) throw fail("give heads=FILE too, for the other data sets");
  const request = { backbone, method: name, preset: preset as Preset | undefined, set, heads };
  const chosen = chooseMethod(request, {}, { text: false, shipped: given.heads !== false });
  // Heads of all entries are for those that take some.
  const shared = chosen.method.load && !heads && given.heads ? given.heads : null;
  const files = Object.entries(bySet).map(([option, file]) => [option.slice(OF_SET.length), file]);
  return {
    ...chosen,
    file: shared ?? chosen.file,
    ...{ files: Object.fromEntries(files), label, backbone, fileName: fileName(label) },
  };
}

/** Entries as they were asked for, each once. */
export function parseEntries(
  texts: readonly string[],
  given: { backbone: string; heads?: string | false },
): Entry[] {
  const entries = texts.map((text) => parseEntry(text, given));
  const labels = entries.map(({ label }) => label);
  const twice = labels.find((label, i) => labels.indexOf(label) !== i);
  if (twice !== undefined) throw new CliError("option", `--methods ${twice}: give each method once`);
  return entries;
}

/** A name of a file, with part of a hash where letters had to be left out, so that it is no other's. */
function fileName(label: string): string {
  const plain = label.replace(/[^\w.-]+/g, "-").slice(0, 100);
  return plain === label ? plain : `${plain}-${createHash("sha256").update(label).digest("hex").slice(0, 8)}`;
}
