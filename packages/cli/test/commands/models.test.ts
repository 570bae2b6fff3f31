import { createHash } from "node:crypto";
import { appendFileSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { ResNet } from "@inctrl/baselines";
import { parameterCount, parseConfig } from "@inctrl/clip";
import { type StoredTensor, writeSafetensors } from "@inctrl/tensor/files";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { cli, failsWith, temporaryFolder, warnings } from "../support/cli.js";
import { TINY, writeModel } from "../support/model.js";

const { folder, remove } = temporaryFolder();
const file = path.join(folder, "model.safetensors");
test.before(() => writeModel(file));
test.after(remove);

const env = { INCTRL_CACHE: path.join(folder, "cache") };

test("the list has every download with its size and licence, and says which are cached", async () => {
  const { code, stdout } = await cli(["models", "--json"], { env });
  assert.is(code, 0);
  const { downloads, configs, cache } = JSON.parse(stdout);
  assert.is(cache, env.INCTRL_CACHE);
  const deit = downloads.find((entry: { name: string }) => entry.name === "deit-tiny");
  assert.equal([deit.image, deit.text, deit.licence, deit.cached], [224, false, "Apache-2.0", null]);
  const plus = configs.find((entry: { name: string }) => entry.name === "ViT-B-16-plus-240");
  assert.equal([plus.parameters, plus.image], [208377345, 240]);
  const { stdout: table } = await cli(["models"], { env });
  assert.match(table, /vit-b-16-plus-240-laion400m-e32 +208\.4 M +834 +240 +yes +PyTorch +699c4b84 +MIT/);
  assert.match(table, /wide-resnet50-2-v1 +68\.9 M +276 +224 +no +legacy stream +95faca4d +BSD-3-Clause/);
});

test("inspect tells a ResNet by its layers", async () => {
  const network = new ResNet({ name: "small", blocks: [1], bottleneck: null });
  const state = new Map<string, StoredTensor>();
  for (const [name, { shape, size }] of network.namedParameters())
    state.set(name, { dtype: "F32", shape, data: new Float32Array(size) });
  const small = path.join(folder, "resnet.safetensors");
  await writeSafetensors(small, state);
  const { code, stdout } = await cli(["models", "inspect", small]);
  assert.is(code, 0);
  assert.match(stdout, /model +resnet-1: layers of 1 blocks, no text/);
  assert.match(stdout, /fits +yes: all of 0\.1 M parameters are there/);
});

test("inspect reports layout, type and size, and that the model fits", async () => {
  const { code, stdout } = await cli(["models", "inspect", file, "--json"]);
  assert.is(code, 0);
  const report = JSON.parse(stdout);
  assert.equal([report.format, report.layout, report.dtype], ["safetensors", "openclip", "F32"]);
  assert.is(report.parameters, parameterCount(parseConfig(TINY)));
  assert.equal([report.fits, report.missing, report.unexpected, report.misshaped], [true, [], [], []]);
});

test("inspect names the tensors that do not fit another configuration, and fails", async () => {
  const { code, stdout } = await cli(["models", "inspect", file, "--config", "ViT-B-32"]);
  assert.is(code, 1);
  assert.match(stdout, /fits +no/);
  assert.match(stdout, /missing \(\d+\):/);
  assert.match(stdout, "visual.class_embedding is [64] and must be [768]");
});

test("inspect refuses missing files and unknown configurations", async () => {
  failsWith(await cli(["models", "inspect", path.join(folder, "none.pt")]), "no such file");
  failsWith(await cli(["models", "inspect", file, "--config", "ViT-B-33"]), "did you mean");
  failsWith(await cli(["models", "pull", "deit-tony"]), "known are", "deit-tiny");
});

test("pull keeps a download whose checksum holds, prints its path, and does not repeat it", async () => {
  const body = readFileSync(file);
  const etag = createHash("sha256").update(body).digest("hex");
  let downloads = 0;
  const server = createServer(({ method }, response) => {
    if (method === "GET") downloads++;
    response.writeHead(200, {
      "content-length": body.length,
      etag: `"${etag}"`,
      "x-linked-etag": `"${etag}"`,
    });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const hub = { ...env, INCTRL_HUB: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  try {
    const first = await cli(["models", "pull", "deit-tiny"], { env: hub });
    assert.is(first.code, 0, first.stderr);
    const saved = path.join(env.INCTRL_CACHE, "models/deit-tiny.safetensors");
    assert.is(first.stdout, `${saved}  downloaded; the hub's own checksum holds\n`);
    assert.equal(readFileSync(saved), body);
    const second = await cli(["models", "pull", "deit-tiny"], { env: hub });
    assert.is(second.stdout, `${saved}  was here already; the hub's own checksum holds\n`);
    assert.is(downloads, 1);
    const offline = await cli(["models", "pull", "deit-tiny"], {
      env: { ...env, INCTRL_HUB: "http://127.0.0.1:1" },
    });
    assert.equal([offline.code, offline.stdout], [0, `${saved}  was here already; unchecked\n`]);
    assert.match(warnings(offline).at(-1)!, "its checksum was not compared");
    appendFileSync(saved, "more");
    failsWith(await cli(["models", "pull", "deit-tiny"], { env: hub }), saved, "delete it and pull again");
    const { stdout } = await cli(["models"], { env });
    assert.match(stdout, /deit-tiny .*here/);
  } finally {
    server.close();
  }
});

test.run();
