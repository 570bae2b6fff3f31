import { basename, join } from "node:path";
import { count, some } from "@inctrl/datasets";
import { describeBank, goodImagesOf, type LearntAs } from "@inctrl/detect";
import { learnable, REVIEWS_FILE, Reviews } from "@inctrl/server/serve";
import { distinctImages } from "../calibrate/images.js";
import type { AddOptions } from "../commands/bank-edit.js";
import { CliError } from "../errors.js";
import { info } from "../ui/log.js";

/** The files that are to be added to a bank: those that are named, and pictures that people called good. */
export async function imagesToAdd(options: AddOptions, as: LearntAs): Promise<string[]> {
  const { images, reviews, product } = options;
  if (images.length === 0 && reviews === undefined)
    throw new CliError("option", "there is nothing to add; name images, or --reviews FOLDER");
  if (product !== undefined && reviews === undefined)
    throw new CliError("option", "--product says whose reviews are taken; add --reviews FOLDER");
  const reviewed = reviews === undefined ? [] : await reviewedGood({ ...options, reviews }, as);
  return (await distinctImages([...images, ...reviewed])).map(({ name }) => name);
}

/** Pictures of a folder of reviews that the bank would learn. @throws CliError `input` where there are none. */
async function reviewedGood(
  { bank, reviews: folder, product = productOf(bank) }: AddOptions & { readonly reviews: string },
  learntAs: LearntAs,
): Promise<string[]> {
  const reviews = await Reviews.open(folder);
  const { products } = reviews;
  if (products.length === 0)
    throw new CliError(
      "input",
      `${join(folder, REVIEWS_FILE)}: there are no reviews; inctrl serve --reviews keeps them`,
    );
  if (!products.includes(product))
    throw new CliError(
      "input",
      `${folder}: there are no reviews of ${product}, but of ${some(products)}; name one with --product`,
    );
  const { info: file, calibration } = await describeBank(bank);
  const has = [...file.prompts, ...goodImagesOf({ calibration })];
  const known = new Set(has.flatMap(({ sha256 }) => sha256 ?? []));
  const good = [...reviews.good(product)];
  const taken = learnable(good, { known, learntAs });
  info(
    `reviews of ${product}: ${count(good.length, "good part")}, of which the bank learns ${taken.length}; ` +
      `${count(reviews.bad(product), "bad part")}, which no bank learns`,
  );
  if (taken.length > 0) return taken.map(({ path }) => path);
  throw new CliError(
    "input",
    `${folder}: no part of ${product} was called good that the bank does not know already${learntAs === "prompt" ? " and that was flagged" : ""}`,
  );
}

/** The product of a bank's file, as the service names it. */
const productOf = (bank: string): string => basename(bank).replace(/\.bank\.safetensors$/, "");
