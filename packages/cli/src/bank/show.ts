import { stat } from "node:fs/promises";
import { oneLine, windowText } from "@inctrl/datasets";
import { type BankDescription, type Calibration, describeBank, judgeOf, promiseText } from "@inctrl/detect";
import { EXIT } from "../errors.js";
import { printResult } from "../output/print.js";
import { alignTable } from "../output/table.js";
import { fixed, indent, size } from "../ui/amounts.js";

/** Prints what a bank's file says. Returns the exit code. */
export async function showBank(path: string, json?: boolean): Promise<number> {
  const described = await describeBank(path);
  const { size: bytes } = await stat(path);
  const document = { file: path, bytes, ...documentOf(described) };
  await printResult(json, document, textOf(document));
  return EXIT.ok;
}

type Document = { file: string; bytes: number } & ReturnType<typeof documentOf>;

function documentOf(described: BankDescription) {
  const { info, reading, calibration, history, sealed, tensors, regionShare } = described;
  const { kind = null, settings = {}, backbone, fingerprint, preprocess, fit, blocks } = info;
  return {
    ...{ id: history.id, version: history.version },
    ...{
      checksums: sealed,
      kind,
      settings,
      backbone,
      fingerprint,
      blocks,
      patches: info.raw ? "raw" : "unit",
    },
    ...{ fit, window: windowText(reading.window), orientation: reading.orientation, preprocess },
    region_share: regionShare,
    positions: info.positions ?? null,
    symmetries: info.turns ?? 1,
    augmentation: info.augmentation ?? null,
    prompts: info.prompts.map(({ name, sha256, views }) => ({ name, sha256, views })),
    tensors,
    calibration: calibration && lineOf(calibration),
    changes: history.changes,
  };
}

function lineOf(calibration: Calibration) {
  const { review, made = null, settings } = calibration;
  const { line, patchLine, tried = null } = judgeOf(calibration);
  const { status, alpha, n, threshold } = line;
  return {
    ...{ status, alpha, review, n, threshold, patch_threshold: patchLine, made },
    ...{ tried, promise: promiseText(line, tried), settings },
  };
}

function textOf(bank: Document): string {
  const { file, bytes, checksums, backbone, fingerprint, fit, window, orientation, prompts } = bank;
  const { id, version, region_share } = bank;
  const lines = [
    `bank         ${file} (${size(bytes)}), ${checksums ? "with" : "without"} checksums`,
    `version      ${version}${id === null ? "" : `, id ${oneLine(id.slice(0, 16))}`}`,
    `holds        ${holds(bank)}`,
    `network      ${oneLine(backbone)}, fingerprint ${oneLine(fingerprint.slice(0, 16))}`,
    `images       fit ${fit}, window ${window}, orientation ${orientation}`,
    `looks at     ${region_share === null ? "all of each image" : `${(100 * region_share).toPrecision(3)}% of each image`}`,
    ...positionsText(bank),
    `prepared     ${pairs(bank.preprocess)}`,
    `compared in  ${compared(bank)}`,
    `line         ${bank.calibration ? lineText(bank.calibration) : "none; inctrl calibrate sets one"}`,
  ];
  const promise = (bank.calibration?.promise ?? []).map((sentence) => `             ${sentence}\n`).join("");
  const rows = prompts.map(({ name, views, sha256 }) => [oneLine(name), views, sha256?.slice(0, 16) ?? ""]);
  const table = alignTable([["name", "views", "sha256"], ...rows]);
  return `${lines.join("\n")}\n${promise}\nprompts (${prompts.length}):\n${indent(table)}${changesText(bank.changes)}`;
}

/** Images of a change that are named; the others are counted. */
const NAMED = 3;

/** The last changes, the latest first. */
function changesText(changes: Document["changes"]): string {
  if (changes.length === 0) return "";
  const rows = changes.toReversed().map(({ version, made, what, images }) => {
    const some = images.slice(0, NAMED).map(({ name, sha256 }) => `${name} ${sha256?.slice(0, 16) ?? ""}`);
    const more = images.length > NAMED ? [`${images.length - NAMED} more`] : [];
    return [version, oneLine(made), what, oneLine([...some, ...more].join(", "))];
  });
  return `\nchanges:\n${indent(alignTable([["version", "when", "what", "images"], ...rows]))}`;
}

function holds({ kind, settings }: Document): string {
  const what = kind === null ? "patches of its prompts" : `what ${oneLine(kind)} keeps of its prompts`;
  return Object.keys(settings).length > 0 ? `${what}; ${pairs(settings)}` : what;
}

function positionsText({ positions }: Document): string[] {
  if (!positions) return [];
  const { how, of } = positions;
  const there = how === "same" ? "its own place" : "its own place and those around it";
  return [`tiles        each with those at ${there}, of images of ${of.width} x ${of.height} pixels`];
}

function compared({ blocks, patches, symmetries, augmentation }: Document): string {
  const shown = augmentation
    ? `${augmentation.count} variants of each prompt (${oneLine(augmentation.name)})`
    : `${symmetries} ${symmetries === 1 ? "symmetry" : "symmetries"}`;
  const lengths = patches === "raw" ? "patches as they are" : "patches of length 1";
  return `blocks ${oneLine(blocks.join(", "))}, ${lengths}, ${shown}`;
}

function lineText({ status, threshold, patch_threshold, alpha, review, made }: ReturnType<typeof lineOf>) {
  const shares = `false alarms ${100 * alpha}%, review ${100 * review}%`;
  const when = made === null ? "" : `; made ${oneLine(made)}`;
  return `${fixed(threshold)} (${status}), for patches ${fixed(patch_threshold)}; ${shares}${when}`;
}

const pairs = (values: object): string =>
  oneLine(
    Object.entries(values)
      .map(([name, value]) => `${name} ${Array.isArray(value) ? value.join(" ") : value}`)
      .join(", "),
  );
