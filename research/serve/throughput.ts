// How fast a service answers beside `inctrl score` on the same files, device and bank. Both run in each round, by turns the one or the other
// first; the ratio is the median of the rounds' own, so that what else the machine does weighs on both.
//
//   npm run research -- research/serve/throughput.ts --products DIR --images DIR [--clients 8] [--rounds 7] [--count 64]
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { findImages } from "@inctrl/datasets";
import { fileImages, scoreImages } from "@inctrl/detect";
import { serve } from "@inctrl/server/serve";
import { serveCommand } from "../../packages/cli/src/commands/serve.js";
import { readSettings } from "../../packages/cli/src/options/read.js";
import { engineOf } from "../../packages/cli/src/serve/engine.js";
import { serviceOptions } from "../../packages/cli/src/serve/run.js";

const { values } = parseArgs({
  options: {
    ...{
      products: { type: "string" },
      images: { type: "string" },
      backbone: { type: "string", default: "nano" },
    },
    ...{ clients: { type: "string", default: "8" }, rounds: { type: "string", default: "7" } },
    count: { type: "string", default: "64" },
  },
});
const { products, backbone } = values;
const found = await findImages([values.images as string]);
const files = found.images.slice(0, Number(values.count));
const settings = await readSettings(serveCommand.options, { products, backbone, port: 0 } as never);
const options = settings as Parameters<typeof serviceOptions>[0];
const served = await serve(serviceOptions(options, engineOf(options, new AbortController().signal)));
const { name } = served.service.catalogue.states()[0];
const product = served.service.product(name);

async function byScore(): Promise<number> {
  const began = performance.now();
  let scored = 0;
  for await (const result of scoreImages(product.fitted, fileImages(files))) if ("score" in result) scored++;
  if (scored !== files.length) throw new Error(`${scored} of ${files.length} were scored`);
  return (1000 * files.length) / (performance.now() - began);
}

async function byService(round: number): Promise<number> {
  const began = performance.now();
  let next = 0;
  const client = async () => {
    for (let i = next++; i < files.length; i = next++) {
      const url = `${served.address}/v1/products/${name}/score?part=${round}-${i}`;
      const headers = { "content-type": "image/png" };
      const response = await fetch(url, { method: "POST", headers, body: await readFile(files[i]) });
      if (response.status !== 200) throw new Error(`${files[i]}: ${await response.text()}`);
      await response.arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: Number(values.clients) }, client));
  return (1000 * files.length) / (performance.now() - began);
}

const rounds: { score: number; service: number; ratio: number }[] = [];
await byScore();
await byService(-1);
for (let round = 0; round < Number(values.rounds); round++) {
  const early = round % 2 === 0 ? await byScore() : null;
  const service = await byService(round);
  const score = early ?? (await byScore());
  rounds.push({ score, service, ratio: service / score });
  console.error(
    `round ${round}: ${service.toFixed(2)} / ${score.toFixed(2)} = ${(service / score).toFixed(3)}`,
  );
}
const middle = (name: "score" | "service" | "ratio") => {
  const sorted = rounds.map((each) => each[name]).sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
};
const { adapter } = served.service.engine ?? {};
console.log(
  JSON.stringify(
    {
      backbone,
      adapter,
      images: files.length,
      clients: Number(values.clients),
      rounds,
      ...{ score: middle("score"), service: middle("service"), ratio: middle("ratio") },
    },
    null,
    1,
  ),
);
await served.close();
