import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sizeOf, writeSafetensors } from "@inctrl/tensor";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { inspectWeights } from "../../src/checkpoint/inspect.js";
import { parseConfig } from "../../src/config/parse.js";
import { findConfig } from "../../src/config/registry.js";
import { clipParameters, parameterCount } from "../../src/model/clip.js";

const SMALL = parseConfig({
  embed_dim: 8,
  vision_cfg: { image_size: 32, layers: 2, width: 16, head_width: 16, patch_size: 16 },
});

const folder = mkdtempSync(join(tmpdir(), "inctrl-inspect-"));
const path = join(folder, "model.safetensors");
test.before(() =>
  writeSafetensors(
    path,
    Object.fromEntries(
      [...clipParameters(SMALL)].map(([name, { shape }]) => [
        name,
        { dtype: "F32", shape, data: new Float32Array(sizeOf(shape)) } as const,
      ]),
    ),
  ),
);
test.after(() => rmSync(folder, { recursive: true }));

test("a file that makes a model says so, with its layout, its type and its size", async () => {
  const { fits, format, layout, dtype, parameters, missing, unexpected, misshaped } = await inspectWeights(
    path,
    { config: SMALL },
  );
  assert.equal([fits, format, layout, dtype], [true, "safetensors", "openclip", "F32"]);
  assert.is(parameters, parameterCount(SMALL));
  assert.equal([missing, unexpected, misshaped], [[], [], []]);
});

test("another configuration does not fit, and the report names what differs", async () => {
  const { fits, misshaped } = await inspectWeights(path, { config: findConfig("ViT-B-32") });
  assert.not(fits);
  assert.equal(
    misshaped.find(({ name }) => name === "visual.class_embedding"),
    { name: "visual.class_embedding", got: [16], want: [768] },
  );
});

test.run();
