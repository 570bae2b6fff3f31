import { createHash } from "node:crypto";
import { PRESETS, type Preset } from "@inctrl/detect";
import { CliError } from "../errors.js";
import { type ChosenMethod, chooseMethod, METHOD_NAMES } from "../methods.js";

/** A method of a comparison, and the network that it stands on. */
export interface Entry extends ChosenMethod {
  /** As it was asked for: "patchcore:released". */
  readonly label: string;
  /** Its preset, if any. */
  readonly preset?: Preset;
  readonly backbone: string;
  /** Its name in names of files. */
  readonly fileName: string;
}

/** How an entry is written. */
export const ENTRY_FORM = "METHOD[:PRESET][?OPTION=VALUE&...][@BACKBONE]";

/** Separates entries at commas; those within the value of an option stay. */
export const splitEntries = (text: string): string[] =>
  text.split(/,(?=[a-z][a-z-]*(?:[:?@,]|$))/).filter(Boolean);

/**
 * Reads METHOD[:PRESET][?OPTION=VALUE&...][@BACKBONE]. The option `heads` names the file that a training left.
 *
 * @param backbone of entries that name none.
 * @param heads of entries that name none.
 * @example
 * parseEntry("inctrl?components=P,T&heads=run/heads.safetensors@deit-tiny", "nano").backbone; // "deit-tiny"
 */
export function parseEntry(text: string, backbone: string, heads?: string | false): Entry {
  const [, name, preset, query = "", own] =
    text.match(/^([a-z-]+)(?::([a-z]+))?(?:\?([^@]*))?(?:@(.+))?$/) ?? [];
  const fail = (why: string) => new CliError("option", `--methods ${text}: ${why}`);
  if (name === undefined || !METHOD_NAMES.includes(name))
    throw fail(`give ${ENTRY_FORM}, with one of ${METHOD_NAMES.join(", ")}`);
  if (preset !== undefined && !PRESETS.includes(preset as Preset))
    throw fail(`its preset is none of ${PRESETS.join(", ")}`);
  const pairs = query
    .split("&")
    .filter(Boolean)
    .map((pair) => pair.split(/=(.*)/s));
  const wrong = pairs.find(([, value]) => !value);
  if (wrong) throw fail(`"${wrong[0]}" has no value; give OPTION=VALUE`);
  const { heads: file, ...set } = Object.fromEntries(pairs);
  const request = { backbone: own ?? backbone, method: name, preset: preset as Preset | undefined };
  const chosen = chooseMethod(
    { ...request, set, heads: file },
    {},
    { text: false, shipped: heads !== false },
  );
  return {
    ...chosen,
    file: chosen.method.load && !file && heads ? heads : chosen.file,
    ...{ label: text, preset: request.preset, backbone: request.backbone, fileName: fileName(text) },
  };
}

/** Entries as they were asked for, each once. */
export function parseEntries(
  texts: readonly string[],
  { backbone, heads }: { backbone: string; heads?: string | false },
): Entry[] {
  const twice = texts.find((text, i) => texts.indexOf(text) !== i);
  if (twice !== undefined) throw new CliError("option", `--methods ${twice}: give each method once`);
  return texts.map((text) => parseEntry(text, backbone, heads));
}

/** A name of a file, with part of a hash where letters had to be left out, so that it is no other's. */
function fileName(label: string): string {
  const plain = label.replace(/[^\w.-]+/g, "-").slice(0, 100);
  return plain === label ? plain : `${plain}-${createHash("sha256").update(label).digest("hex").slice(0, 8)}`;
}
