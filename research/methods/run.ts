// Measures every method on real data sets with the weights that are at hand, and writes the table into the repository.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { writeFileAtomic } from "@inctrl/datasets";
import { provenance, thisMachine } from "../../bench/src/report/results.js";
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

const { values } = parseArgs({
  options: {
    data: { type: "string" },
    deit: { type: "string" },
    limit: { type: "string", default: "60" },
    work: { type: "string", default: "methods-work" },
  },
});
const { data, deit, limit, work } = values;
if (data === undefined || deit === undefined)
  throw new Error("usage: run.ts --data DIR --deit FILE [--limit N] [--work DIR]");

/** Runs the command, whose talk passes through. */
async function inctrl(...args: string[]): Promise<void> {
  const main = join(ROOT, "packages/cli/src/main.ts");
  const child = spawn(process.execPath, [...process.execArgv, main, ...args], { stdio: "inherit" });
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`inctrl ${args.join(" ")}: exit code ${code}`);
}

const train = (name: string, data: string, ...args: string[]) =>
  inctrl("train", "--data", data, "--out", join(work, name), "--resume", ...args);
await train("coop", AUXILIARY, "--method", "coop", "--backbone", "nano", "--epochs", "10");
await train("heads", AUXILIARY, "--backbone", deit, "--shots", "4", "--epochs", "6");
await train("regad", FEWER, "--method", "regad", "--backbone", UNTRAINED, "--epochs", "2");

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
const methods = [
  ...[`DeiT inctrl=inctrl?heads=${join(work, "heads/heads.safetensors")}@${deit}`, ...onViT("DeiT", deit)],
  ...["nano clip-text=clip-text@nano", "nano winclip=winclip@nano"],
  `nano coop=coop?heads=${join(work, "coop/context.safetensors")}@nano`,
  ...["nano inctrl=inctrl@nano", ...onViT("nano", "nano")],
  ...onAny("untrained ResNet-18", UNTRAINED),
  `untrained ResNet-18 regad=regad@${join(work, "regad/regad.safetensors")}`,
];
const out = join(work, "table");
const specs = SETS.map((spec) => spec.replace(":", `:${data}/`));
await inctrl("benchmark", "--data", ...specs, "--methods", methods.join(), "--limit", limit, "--out", out);

const { machine } = await thisMachine();
const { date, commit } = await provenance(machine);
const results = join(ROOT, "bench/results");
const markdown = await readFile(join(out, "benchmark.md"), "utf8");
const about = `At most ${limit} test images of each category. Commit ${commit}, ${date}; ${machine.adapter}.`;
await writeFileAtomic(join(results, "methods.md"), `${markdown.replace("\n\n", `\n\n${about} `)}`);
await copyFile(join(out, "benchmark.csv"), join(results, "methods.csv"));
await copyFile(join(out, "costs.csv"), join(results, "methods-costs.csv"));
const note = join(ROOT, "docs/notes/2026-11-methods.md");
const [before, after] = (await readFile(note, "utf8")).split(/<!-- methods:.*?<!-- \/methods -->/s);
const table = `${about}\n\n${shownRows(markdown)}`;
const marked = `<!-- methods: written by research/methods/run.ts -->\n\n${table}\n<!-- /methods -->`;
await writeFileAtomic(note, `${before}${marked}${after}`);
