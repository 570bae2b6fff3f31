import { z } from "zod";
import * as shared from "../options/groups.js";
import { group, option, type Settings } from "../options/option.js";
import { byteSize, text, whole } from "../options/values.js";
import { defineVerb } from "../verb.js";

export type ServeOptions = Settings<typeof OPTIONS>;

const OPTIONS = {
  ...group("Service", {
    products: option(
      "<folder>",
      "every NAME.bank.safetensors in it is served as product NAME; files that change are opened again",
      text,
    ),
    port: option("<N>", "where to listen; 0 picks a free port", whole(0, 65535).default(8080)),
    host: shared.host("the address to listen on"),
    tokenFile: option(
      "<file>",
      "tokens that may use the service, one a line",
      z.union([text, z.literal(false)]).optional(),
      {
        byDefault: "none on this machine alone; needed with another --host",
        no: "let everyone on the network use the service",
      },
    ),
    reviews: shared.folder("keep what people say of parts there, with the pictures"),
  }),
  ...group("Limits", {
    queue: option("<N>", "parts that wait at most; more are refused with 503", whole(1, 10_000).default(64)),
    queueBytes: option("<size>", "bytes that their pictures take at most", byteSize.default(512e6), "512MB"),
    bodyLimit: option("<size>", "the largest picture's file", byteSize.default(32e6), "32MB"),
    maxMegapixels: shared.reading.maxMegapixels,
    keep: option("<size>", "memory for the last parts and their pictures", byteSize.default(256e6), "256MB"),
    timeout: option("<seconds>", "how long a request waits for its verdict", whole(1, 3600).default(30)),
    connections: option("<N>", "connections at a time", whole(1, 10_000).default(256)),
  }),
  ...group("Model", {
    ...shared.backbone,
    heads: shared.heads("nano's own, with nano and a bank that was made with --class"),
    dtype: shared.dtype,
    runtime: shared.runtime,
  }),
  ...shared.machine,
  ...group("Machine", {
    batch: shared.batch,
    threads: {
      ...shared.threads,
      byDefault: "one less than there are cores, 1 at least and 8 at most; 1 on a software adapter",
    },
  }),
};

/** `inctrl serve`: verdicts over HTTP. */
export const serveCommand = defineVerb({
  summary: "give verdicts over HTTP",
  description: "Serves a folder of banks: a picture is posted, and its verdict is the answer.",
  options: OPTIONS,
  examples: `
Make a bank, give it a line, and serve it:
  inctrl score --prompts good/ --save-bank products/bracket.bank.safetensors
  inctrl calibrate --bank products/bracket.bank.safetensors --normals more-good/
  inctrl serve --products products/

Serve the network, for those who have a token:
  inctrl serve --products products/ --host 0.0.0.0 --port 8080 --token-file tokens.txt`,
  notes: `
A part is asked for with "curl --data-binary @part.png -H 'content-type: image/png' http://127.0.0.1:8080/v1/products/bracket/score?part=17".
GET /docs/json describes all addresses. SIGHUP reads banks and tokens again; SIGTERM answers what is in and ends.

Exit code 0: it was stopped; 1: it could not start, or its device was lost more than three times within an hour.`,
  run: async (settings) => (await import("../serve/run.js")).runServe(settings),
});
