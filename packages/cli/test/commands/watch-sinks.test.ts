import { once } from "node:events";
import { copyFileSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { cli, temporaryFolder, warnings } from "../support/cli.js";
import { writeImages, writeModel } from "../support/model.js";

const { folder, remove } = temporaryFolder();
test.after(remove);

/** A receiver that notes the ids it is told. @param port 0 draws one. */
async function listen(port: number, told: string[]) {
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    told.push(JSON.parse(body).id);
    response.writeHead(204).end();
  }).listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** A port on which nothing listens. */
async function deadPort(): Promise<number> {
  await using server = await listen(0, []);
  return server.port;
}

test("a dead webhook and a dead broker stop no verdict, and what the webhook missed is told when it is back", async () => {
  const [backbone, bank] = ["model", "line.bank"].map((name) => path.join(folder, `${name}.safetensors`));
  const [from, out] = ["in", "out"].map((name) => path.join(folder, name));
  await writeModel(backbone);
  const images = writeImages(path.join(folder, "images"), 12).filter((_, i) => i % 2 === 0);
  const model = ["--backbone", backbone, "--bank", bank];
  const made = await cli(["score", "--backbone", backbone, "--prompts", images[0], "--save-bank", bank]);
  assert.is(made.code, 0, made.stderr);
  const set = await cli(["calibrate", ...model, "--normals", ...images.slice(1), "--false-alarms", "20%"]);
  assert.is(set.code, 0, set.stderr);
  mkdirSync(from);
  const arrive = (files: readonly string[]) => {
    for (const file of files) copyFileSync(file, path.join(from, path.basename(file)));
  };
  const [port, other] = [await deadPort(), await deadPort()];
  const watch = ["watch", from, ...model, "--out", out, "--once"];
  watch.push("--webhook", `http://127.0.0.1:${port}/parts`);

  arrive(images.slice(0, 3));
  const dead = await cli([...watch, "--mqtt", `mqtt://127.0.0.1:${other}/line`]);
  assert.is(dead.code, 0, dead.stderr);
  assert.equal(readdirSync(from), []);
  const said = warnings(dead).join("\n");
  for (const name of ["webhook", "mqtt"])
    assert.match(said, new RegExp(`${name} .*; entries wait in the ledger`));

  const told: string[] = [];
  await using _ = await listen(port, told);
  arrive(images.slice(3));
  const alive = await cli(watch);
  assert.is(alive.code, 0, alive.stderr);
  const [day] = readdirSync(path.join(out, "ledger"));
  const lines = readFileSync(path.join(out, "ledger", day), "utf8")
    .trim()
    .split("\n");
  assert.is(lines.length, 6);
  assert.equal(
    told,
    lines.map((line) => JSON.parse(line).id),
  );
});

test.run();
