// Writes docs/formats.md: which images, masks, data sets and model files are read and which are refused, from the lists that the
// code itself goes by.
//
//   npm run docs:formats
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const PAGE = fileURLToPath(new URL("../../docs/formats.md", import.meta.url));

const source = (path) => import(new URL(`../../packages/${path}.ts`, import.meta.url));

/** Text in a table: what Markdown takes for markup stands for itself. */
const cell = (text) => text.replaceAll("|", "\\|").replaceAll("<", "&lt;").replaceAll("*", "\\*");

const table = (head, rows) =>
  [head, head.map(() => "---"), ...rows.map((row) => row.map(cell))]
    .map((row) => `| ${row.join(" | ")} |`.replaceAll("|  |", "| |"))
    .join("\n");

const list = (texts) => texts.map((text) => `- ${cell(text)}`).join("\n");

/** Without the article, for the beginning of a line. */
const named = (text) => text.replace(/^an? /, "");

async function images() {
  const { IMAGE_FORMATS } = await source("datasets/src/decode/image-formats");
  const { REFUSED } = await source("datasets/src/decode/sniff");
  const rows = Object.values(IMAGE_FORMATS).map(({ title, read, refused }) => [title, read, refused]);
  return `## Images

The content tells the format, whatever the ending. [Which files are taken](scoring.md#which-files-are-taken) says how folders are read.

${table(["format", "read", "refused"], rows)}

A file that is cut off, damaged, empty or larger than the limits is refused by name in every format, and in a folder skipped by name. Colour
profiles are ignored, as Pillow ignores them. Refused by what they are:

${table(
  ["file", "what to do"],
  REFUSED.map(([what, mend]) => [named(what), mend.replaceAll("`", "")]),
)}

Any other content is refused as no image that is known.`;
}

const MASKS = `## Masks

Masks are images of any of these formats. Values above 0 mark a defect, in 8 or 16 bits, gray, colour or palette; in JPEG and WebP, which
are lossy, values above 127.

${table(
  ["mask", "taken as"],
  [
    ["of the image's size", "it is"],
    [
      "of another size and the same shape",
      "scaled by the nearest pixel; `inctrl datasets inspect` counts them",
    ],
    ["of another shape", "none, and said: the image has no part in pixel metrics"],
    [
      "that marks more than half, as most of its category do",
      "it is, and said: black may stand for the defect",
    ],
    ["several of an image, or a folder of them", "their union"],
    ["that marks nothing, fits no image or fits several", "none, and said"],
    ["missing where other anomalous images have one", "said; the image has no part in pixel metrics"],
  ],
)}

[Evaluation](evaluation.md#masks) says how a mask is found.`;

async function dataSets() {
  const { FORMATS } = await import("@inctrl/datasets");
  const { procedural } = await import("@inctrl/synth");
  const rows = [...FORMATS, procedural].map(({ name, title, argument, layout, options = {} }) => {
    const choices = Object.entries(options).map(([option, meaning]) => `?${option}= ${meaning}`);
    return [`${name}:${argument}`, title, layout, choices.join("; ")];
  });
  return `## Data sets

A data set is named as \`FORMAT:WHERE\`. A folder that fits no layout is refused with those that were tried. Images that the layout
does not use are counted and named.

${table(["name", "data set", "layout", "options"], rows)}`;
}

async function models() {
  const { FAMILIES } = await source("clip/src/checkpoint/families");
  const { BEGINNINGS } = await source("clip/src/checkpoint/foreign");
  const { listConfigs } = await import("@inctrl/clip");
  const containers = [
    ["safetensors", "all; values are read a tensor at a time"],
    ["safetensors and PyTorch files in shards", "by their index, or by any of the shards beside it"],
    ["PyTorch from 1.6 on (zip)", ".pt, .pth, .bin, .ckpt, .pyth; TorchScript"],
    ["PyTorch before 1.6 (stream)", "all protocols that torch.save wrote"],
    ["PyTorch before 0.1.10 (tar)", "all"],
  ];
  return `## Models

The content tells the container. A pickle is read by a machine that builds tensors and plain containers from a list of allowed
names; what trainers save beside the weights is passed over, and anything else is refused by name. Nothing is executed.

${table(["container", "read"], containers)}

ResNets of torchvision's form are read by the names of torchvision and timm: ResNet-18, 34, 50, 101, Wide-ResNet-50-2 and others of their
blocks, with or without classifier and layer4. Those with other stems, attention, squeeze-and-excitation or groups are refused by name.
Names of transformers' tensors are those of OpenCLIP, Hugging Face, timm or DINOv2, below any prefix (\`module.\`, \`model.\`, \`teacher.backbone.\`).
Values are float64, float32, float16, bfloat16, whole numbers or bool; float8, quantised and complex ones are refused, and so is a NaN
or an infinity. Configurations are read from \`config.json\`, \`open_clip_config.json\` and \`preprocessor_config.json\` beside the
weights. Mean, deviation, the filter (bicubic, bilinear or Lanczos) and a resize before the crop are followed; other filters, another size,
squashing and padding are said; what contradicts itself is refused. [Scoring](scoring.md#choose-a-backbone) lists the layouts. Known by name, without a configuration file:

${listConfigs()
  .map(({ name }) => `\`${name}\``)
  .join(", ")}.

Refused by what they hold:

${list(FAMILIES.filter(([, what]) => what !== "a ResNet").map(([, what]) => named(what)))}

Refused by how they begin:

${table(
  ["file", "what to do"],
  BEGINNINGS.map(([, what]) => {
    const [kind, ...mend] = what.split(/[;:] /);
    return [named(kind), mend.join(": ")];
  }),
)}`;
}

/** The page as Markdown. */
export async function formatsPage() {
  const parts = [await images(), MASKS, await dataSets(), await models()];
  return `# Formats

Written by \`npm run docs:formats\` from the lists that the code goes by. A file that is refused is named, with the reason and what to
do. Nothing is guessed in silence.

${parts.join("\n\n")}
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(PAGE, await formatsPage());
