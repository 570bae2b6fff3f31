// Measures every method on real data sets with the weights that are at hand, and writes the table into the repository.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { copyFile, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { openDataSet, writeFileAtomic } from "@inctrl/datasets";
import { studyArguments } from "../arguments.js";
import { madeHere } from "../made.js";
import { shownRows } from "./table.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Data sets below the folder of `--data`. */
const SETS = [
  ...["brainmri:brainmri", "headct:headct", "elpv:elpv", "sdd:kolektorsdd", "aitex:aitex", "mvtec:mvtec"],
  ...["mnist:mnist", "cifar10:cifar10"],
];

/** Drawn products that RegAD, CoOp and DeiT-Tiny's heads are trained on; the sets above have no part in it. */
const AUXILIARY = "procedural:11?train=12&good=8&bad=8";
/** RegAD learns from good ones alone, and a step of it takes long. */
const FEWER = "procedural:11?train=4&good=1&bad=1";

const UNTRAINED = "untrained:resnet18?seed=0";

const { data, deit, limit, classes, part, work } = studyArguments(["data", "deit"], {
  limit: "60",
  classes: 2,
  /** What is measured: methods on transformers, those that need no training on a CNN, or RegAD. Each is a table of its own. */
  part: "transformers",
  work: "methods-work",
});

/** Runs the command, whose talk passes through. */
async function inctrl(...args: string[]): Promise<void> {
  const main = join(ROOT, "packages/cli/src/main.ts");
  const child = spawn(process.execPath, [...process.execArgv, main, ...args], { stdio: "inherit" });
  const [code] = await once(child, "close");
  // 2: done, but images were left out, as in published sets they are.
  if (code !== 0 && code !== 2) throw new Error(`inctrl ${args.join(" ")}: exit code ${code}`);
}

/** Trains once; a file that is there already is taken. */
async function train(file: string, specs: string, ...args: string[]): Promise<string> {
  const path = join(work, file);
  if (!existsSync(path)) await inctrl("train", "--data", specs, "--out", dirname(path), "--resume", ...args);
  return path;
}
/** Methods that need no training, on any network. */
const onAny = (network: string, backbone: string) =>
  ["spade", "padim", "patchcore"].map((method) => `${network} ${method}=${method}@${backbone}`);
const onViT = (network: string, backbone: string) => [
  `${network} residual=residual@${backbone}`,
  `${network} residual averaged=residual?averaged=on&aggregate=top3&blocks=quarters@${backbone}`,
  `${network} residual both=residual?averaged=on&aggregate=top10&distance=both@${backbone}`,
  `${network} anomalydino=anomalydino@${backbone}`,
  `${network} subspacead=subspacead@${backbone}`,
  ...onAny(network, backbone),
];

/** Methods on transformers; their trainings come first. */
async function onTransformers(): Promise<string[]> {
  const context = await train(
    "coop/context.safetensors",
    AUXILIARY,
    ...["--method", "coop", "--backbone", "nano", "--epochs", "10"],
  );
  const heads = await train(
    "heads/heads.safetensors",
    AUXILIARY,
    ...["--backbone", deit as string, "--shots", "4", "--epochs", "6"],
  );
  return [
    ...[`DeiT inctrl=inctrl?heads=${heads}@${deit}`, ...onViT("DeiT", deit as string)],
    ...["nano clip-text=clip-text@nano", "nano winclip=winclip@nano"],
    `nano coop=coop?heads=${context}@nano`,
    ...["nano inctrl=inctrl@nano", ...onViT("nano", "nano")],
  ];
}
async function onRegad(): Promise<string[]> {
  const regad = await train(
    "regad/regad.safetensors",
    FEWER,
    ...["--method", "regad", "--backbone", UNTRAINED, "--epochs", "2"],
  );
  return [`untrained ResNet-18 regad=regad@${regad}`];
}

/** A table: its name, what the note says of it, and its methods. */
interface Part {
  readonly title: string;
  readonly heading: string;
  methods(): Promise<string[]> | string[];
}
const PARTS: Readonly<Record<string, Part>> = {
  transformers: { title: "methods", heading: "", methods: onTransformers },
  cnn: {
    title: "methods-cnn",
    heading: "On an untrained ResNet-18. ",
    methods: () => onAny("untrained ResNet-18", UNTRAINED),
  },
  regad: {
    title: "methods-regad",
    heading: "RegAD, trained on four drawn products from an untrained ResNet-18. ",
    methods: onRegad,
  },
};
if (!(part in PARTS)) throw new Error(`--part ${part} is none of ${Object.keys(PARTS).join(", ")}`);
const { title, heading, methods } = PARTS[part];
const wanted = await methods();
const out = join(work, title);
const specs = SETS.map((spec) => spec.replace(":", `:${data}/`));
const opened = await Promise.all(specs.map((spec) => openDataSet(spec)));
const names = opened.flatMap(({ categories }) => categories.slice(0, classes).map(({ name }) => name));
await inctrl(
  ...["benchmark", "--data", ...specs, "--category", names.join(), "--methods", wanted.join()],
  ...["--limit", limit, "--out", out],
);

const results = join(ROOT, "bench/results");
const markdown = await readFile(join(out, "benchmark.md"), "utf8");
const about = `At most ${limit} test images of a category, and the first ${classes} categories of a set. ${await madeHere()}`;
await writeFileAtomic(join(results, `${title}.md`), `${markdown.replace("\n\n", `\n\n${about} `)}`);
await copyFile(join(out, "benchmark.csv"), join(results, `${title}.csv`));
// Its last column is the time of an image, which is of this run's other load too; the bench measures times.
const costs = await readFile(join(out, "costs.csv"), "utf8");
await writeFileAtomic(join(results, `${title}-costs.csv`), costs.replace(/,[^,\n]*$/gm, ""));
const note = join(ROOT, "docs/notes/2026-11-methods.md");
const marks = [`<!-- ${title}: written by research/methods/run.ts -->`, `<!-- /${title} -->`] as const;
const text = await readFile(note, "utf8");
const [begin, end] = marks.map((mark) => text.indexOf(mark));
if (begin < 0 || end < begin) throw new Error(`${note} has no place between ${marks.join(" and ")}`);
const table = `${heading}${about}\n\n${shownRows(markdown)}`;
await writeFileAtomic(note, `${text.slice(0, begin)}${marks[0]}\n\n${table}\n${text.slice(end)}`);
