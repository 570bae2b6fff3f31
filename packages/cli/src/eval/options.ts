import type { DataSet } from "@inctrl/datasets";
import { type Aggregate, COMPONENTS, type Component } from "@inctrl/inctrl";
import { InvalidArgumentError } from "commander";
import { CliError } from "../errors.js";

/** "1,2,4,8" */
export function readShots(text: string): number[] {
  const shots = text.split(",").map((part) => (/^\s*\d{1,6}\s*$/.test(part) ? Number(part) : 0));
  if (shots.every((k) => k > 0)) return shots;
  throw new InvalidArgumentError("Give whole numbers from 1, separated by commas, such as 1,2,4,8.");
}

/** "P,I,T", in any order and case. */
export function readComponents(text: string): Component[] {
  const names = text.split(",").map((part) => part.trim().toUpperCase());
  const known = COMPONENTS.filter((name) => names.includes(name));
  if (known.length === names.length) return known;
  throw new InvalidArgumentError("Give some of P, I and T, separated by commas, each once.");
}

/** "max", or "top10". */
export function readAggregate(text: string): Aggregate {
  if (/^(max|top[1-9]\d{0,5})$/.test(text)) return text as Aggregate;
  throw new InvalidArgumentError("Give max, or top and a number, such as top10.");
}

/** The data set with the chosen categories only, called as the option says. */
export function chooseCategories(
  dataSet: DataSet,
  wanted: readonly string[] | undefined,
  className: string | undefined,
): DataSet {
  const names = dataSet.categories.map(({ name }) => name);
  const unknown = wanted?.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    const some = names.slice(0, 20).join(", ") + (names.length > 20 ? ", ..." : "");
    throw new CliError("option", `--category: there is no "${unknown}"; choose some of ${some}`);
  }
  const chosen = wanted ? dataSet.categories.filter(({ name }) => wanted.includes(name)) : dataSet.categories;
  if (className === undefined) return { ...dataSet, categories: chosen };
  return { ...dataSet, categories: chosen.map((category) => ({ ...category, className })) };
}
