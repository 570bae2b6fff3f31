import { type Category, type DataSet, grouped, nearestName, type Sample, some } from "@inctrl/datasets";
import { DetectError } from "../errors.js";
import { shownOf } from "./pictures.js";

/** A category of a data set, and test images of it that a figure shows. */
export interface Queries {
  readonly dataSet: string;
  readonly category: Category;
  readonly samples: readonly Sample[];
}

interface Found extends Pick<Queries, "dataSet" | "category"> {
  readonly sample: Sample;
}

/**
 * The test images that a figure shows: those that are named, or some anomalous ones of each category, evenly over its order.
 *
 * @param names ids, or how ids or paths of files end. An id that several categories have stands for the image in each.
 * @throws DetectError `evaluation` for a name that no image has, or that several images end in, and where none is named and none is anomalous.
 * @example
 * chooseQueries([dataSet], ["yes/Y1.jpg"]);
 */
export function chooseQueries(sets: readonly DataSet[], names?: readonly string[]): Queries[] {
  const all = sets.flatMap(({ name: dataSet, categories }) =>
    categories.map((category) => category.test.map((sample): Found => ({ dataSet, category, sample }))),
  );
  const anomalous = () => all.map((each) => each.filter(({ sample }) => sample.label === 1));
  const chosen = names ? names.flatMap((name) => findImage(name, all.flat())) : shownOf(anomalous());
  if (chosen.length === 0)
    throw new DetectError("evaluation", "there is no anomalous test image to show; name some images");
  const groups = grouped(new Set(chosen), ({ category }) => [category]);
  return [...groups].map(([category, own]) => ({
    ...{ dataSet: own[0].dataSet, category },
    samples: own.map(({ sample }) => sample),
  }));
}

function findImage(name: string, all: readonly Found[]): Found[] {
  const same = all.filter(({ sample }) => sample.id === name);
  if (same.length > 0) return same;
  const end = `/${name.replaceAll("\\", "/").replace(/^(\.?\/)+/, "")}`;
  const endsSo = (path: string) => `/${path.replaceAll("\\", "/")}`.endsWith(end);
  const ending = all.filter(({ sample: { id, source } }) => endsSo(id) || (source && endsSo(source.path)));
  const ids = [...new Set(ending.map(({ sample }) => sample.id))];
  if (ids.length === 1) return ending;
  if (ids.length > 1)
    throw new DetectError("evaluation", `${name} is the end of several test images; name one: ${some(ids)}`);
  const known = new Map(all.map(({ sample: { id } }) => [lastParts(id, end), id]));
  const near = nearestName(end.slice(1), [...known.keys()]) ?? [...known.keys()][0];
  const hint = near === undefined ? "there is none at all" : `did you mean ${known.get(near)}?`;
  throw new DetectError("evaluation", `there is no test image ${name}; ${hint}`);
}

/** As many parts of an id, from its end, as another path has. */
const lastParts = (id: string, end: string): string =>
  id
    .split("/")
    .slice(1 - end.split("/").length)
    .join("/");
