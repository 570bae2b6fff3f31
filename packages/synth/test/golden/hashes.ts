// Hashes of what is drawn, which the shipped network was trained on. To record them anew:
//
//   node --conditions=@inctrl/source --import ./scripts/typescript/register.mjs packages/synth/test/golden/hashes.ts
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { FAMILIES } from "../../src/families.js";
import { captionsOf, drawCaptioned, drawProduct, type ProceduralClass, proceduralClasses } from "../../src/index.js";
import { drawClass } from "../../src/sample/class.js";
import { drawSample } from "../../src/sample/sample.js";
import { drawView } from "../../src/sample/view.js";

export const GOLDEN = fileURLToPath(new URL("./hashes.json", import.meta.url));

/** The start of a sha256 for every product class, family, batch of captioned images and list of captions. */
export function drawnHashes(): Record<string, string> {
  const hashes: Record<string, string> = {};
  const record = (name: string, parts: Iterable<string | Uint8Array>) => {
    const sum = createHash("sha256");
    for (const part of parts) sum.update(part);
    hashes[name] = sum.digest("hex").slice(0, 16);
  };
  for (const name of Object.keys(proceduralClasses) as ProceduralClass[]) record(`product ${name}`, product(name));
  for (const family of FAMILIES) record(`family ${family.name}`, samples(family));
  record("captioned train", captioned({ seed: 0, size: 64, split: "train" }));
  record("captioned held-out", captioned({ seed: 5, size: 48, split: "held-out", group: 8 }));
  record("captions train", captionsOf(0, 6000));
  record("captions held-out", captionsOf(1, 1000, "held-out"));
  return hashes;
}

function* product(name: ProceduralClass): Generator<Uint8Array> {
  for (const defect of [null, ...proceduralClasses[name]]) {
    for (const [seed, index, size] of [
      [0, 1, 64],
      [7, 2, 37],
    ] as const) {
      const { image, mask } = drawProduct({ class: name, seed, index, defect, size });
      yield image.data;
      yield mask;
    }
  }
}

function* samples(family: (typeof FAMILIES)[number]): Generator<string | Uint8Array> {
  for (const defect of [null, ...family.defects]) {
    for (const [variant, index, camera, size] of [
      [0, 0, "free", 48],
      [17, 3, "fixed", 37],
    ] as const) {
      const drawn = drawClass({ family, variant, seed: 9 });
      const { rgb, mask } = drawSample(drawn, drawView(drawn, index, camera), index, defect, size);
      yield [drawn.noun, ...drawn.design.adjectives].join();
      yield rgb;
      yield mask;
    }
  }
}

function* captioned(
  options: Omit<Parameters<typeof drawCaptioned>[0], "index">,
): Generator<string | Uint8Array> {
  for (let index = 0; index < 64; index++) {
    const { image, mask, ...words } = drawCaptioned({ ...options, index });
    yield JSON.stringify(words);
    yield image.data;
    yield mask;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(GOLDEN, `${JSON.stringify(drawnHashes(), null, 2)}\n`);
}
