import { PRESETS, type Preset } from "@inctrl/detect";
import { CliError } from "../errors.js";
import { type ChosenMethod, chooseMethod, METHOD_NAMES } from "../methods.js";

/** A method of a comparison, and the network that it stands on. */
export interface Entry extends ChosenMethod {
  /** As it was asked for, without the backbone of all others: "patchcore:released". */
  readonly label: string;
  readonly backbone: string;
}

/**
 * Reads METHOD[:PRESET][@BACKBONE].
 *
 * @param backbone of entries that name none.
 */
export function parseEntry(text: string, backbone: string, heads?: string | false): Entry {
  const [, name, preset, own] = text.match(/^([a-z-]+)(?::([a-z]+))?(?:@(.+))?$/) ?? [];
  const fail = (why: string) => new CliError("option", `--methods ${text}: ${why}`);
  if (name === undefined || !METHOD_NAMES.includes(name))
    throw fail(`give METHOD[:PRESET][@BACKBONE], with one of ${METHOD_NAMES.join(", ")}`);
  if (preset !== undefined && !PRESETS.includes(preset as Preset))
    throw fail(`its preset is none of ${PRESETS.join(", ")}`);
  const chosen = chooseMethod(
    { backbone: own ?? backbone, method: name, preset: preset as Preset | undefined, set: {} },
    {},
    { text: false, shipped: heads !== false },
  );
  const file = heads && chosen.method.load ? heads : chosen.file;
  return { ...chosen, file, label: text, backbone: own ?? backbone };
}
