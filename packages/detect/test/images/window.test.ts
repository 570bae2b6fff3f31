import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Reading } from "@inctrl/datasets";
import { folderTests, throwsCode } from "@inctrl/testing";
import * as assert from "uvu/assert";
import { partHash } from "../../src/images/sample-hash.js";
import { DetectError, fileImage, measureWindow, Strays, type WindowRequest } from "../../src/index.js";

const test = folderTests("window");

const pgm = (values: readonly number[], top: number) => `P2 ${values.length} 1 ${top}\n${values.join(" ")}\n`;
const ramp = (low: number, high: number, count = 2000) =>
  Array.from({ length: count }, (_, i) => Math.round(low + ((high - low) * i) / (count - 1)));
const pfm = (values: readonly number[]) =>
  Buffer.concat([Buffer.from(`Pf ${values.length} 1 -1\n`), Buffer.from(Float32Array.from(values).buffer)]);

/** What is measured, the request, the window, and what is said. */
const ROWS: readonly (readonly [string, string | Buffer, WindowRequest, unknown, RegExp | null])[] = [
  ["8 bits", pgm(ramp(0, 255), 255), "auto", { depth: 8, low: 0, high: 255 }, null],
  ["dark 8 bits", pgm(ramp(0, 9), 255), "auto", { depth: 8, low: 0, high: 255 }, null],
  ["8 bits, named", pgm(ramp(20, 200), 255), [10, 210], { depth: 8, low: 10, high: 210 }, null],
  ["10 bits", pgm(ramp(60, 1000), 65535), "auto", { depth: 16, low: 0, high: 1023 }, null],
  ["12 bits", pgm(ramp(100, 3900), 65535), "auto", { depth: 16, low: 0, high: 4095 }, null],
  [
    "12 bits with two hot pixels",
    pgm([...ramp(100, 3900), 65535, 65535], 65535),
    "auto",
    { depth: 16, low: 0, high: 4095 },
    null,
  ],
  ["16 bits", pgm(ramp(0, 65535), 65535), "auto", { depth: 16, low: 0, high: 65535 }, null],
  ["a thermal camera", pgm(ramp(28000, 31000), 65535), "auto", { depth: 16, low: 26504, high: 32496 }, null],
  [
    "an even surface",
    pgm(ramp(2000, 2000), 65535),
    "auto",
    { depth: 16, low: 1936, high: 2064 },
    /most shades are unused/,
  ],
  ["12 bits in full", pgm(ramp(100, 3900), 65535), "full", "full", /use only 5\.8 % of the window 0:65535/],
  ["12 bits that say so", pgm(ramp(100, 3900), 4095), "full", "full", null],
  [
    "a window beside the values",
    pgm(ramp(100, 3900), 65535),
    [0, 500],
    { depth: 16, low: 0, high: 500 },
    /lie outside/,
  ],
  ["shares", pfm(ramp(0, 900).map((v) => v / 1000)), "auto", { depth: 32, low: 0, high: 1 }, null],
  ["degrees", pfm(ramp(-8, 24)), "auto", { depth: 32, low: -24, high: 40 }, null],
];

for (const [name, file, request, want, said] of ROWS) {
  test(`the window of ${name}`, async ({ dir }) => {
    const path = join(dir, "a.pgm");
    await writeFile(path, file);
    const { window, warnings } = await measureWindow([fileImage(path)], request);
    assert.equal(window, want);
    if (said) assert.match(warnings.join(), said);
    else assert.equal(warnings, []);
  });
}

test("prompts of two depths are refused, unless each is shown in full; floating point has no full range", async ({
  dir,
}) => {
  const [a, b, c] = ["a", "b", "c"].map((name) => join(dir, `${name}.pgm`));
  await writeFile(a, pgm([1, 2], 255));
  await writeFile(b, pgm([1, 2], 4095));
  await writeFile(c, pfm([1, 2]));
  const mixed = [fileImage(a), fileImage(b)];
  await throwsCode(
    () => measureWindow(mixed),
    "window",
    /b\.pgm: its samples are of 16 bits, and those of .*8 bits/,
    DetectError,
  );
  assert.is((await measureWindow(mixed, "full")).window, "full");
  await throwsCode(() => measureWindow([fileImage(c)], "full"), "window", /no full range/, DetectError);
  assert.equal((await measureWindow([fileImage(join(dir, "absent.png"))])).window, {
    depth: 8,
    low: 0,
    high: 255,
  });
});

test("names of features tell windows and turned files apart, and keep the names of others", async ({
  dir,
}) => {
  const path = join(dir, "a.pgm");
  await writeFile(path, pgm([1, 2], 4095));
  const hash = (reading: Reading) =>
    partHash("the hash of its file", { path }, fileImage(path, reading).reading);
  const plain = await hash({ orientation: "ignore" });
  assert.is(await hash({ orientation: "follow" }), plain);
  assert.is(await hash({ window: { depth: 8, low: 0, high: 255 } }), plain);
  const one = await hash({ window: { depth: 16, low: 0, high: 4095 } });
  const other = await hash({ window: { depth: 16, low: 0, high: 1023 } });
  assert.is(new Set([plain, one, other]).size, 3);
});

test("images mostly outside the window are counted, and one is named", async ({ dir }) => {
  const files: [string, string | Buffer][] = [
    ["same.pgm", pgm(ramp(100, 3900), 65535)],
    ["bright.pgm", pgm(ramp(3000, 20000), 65535)],
    ["dark.ppm", "P3 2 1 65535\n0 0 0 9 9 4095\n"],
  ];
  const window = { depth: 16, low: 50, high: 4095 } as const;
  const strays = new Strays();
  assert.is(strays.warning, undefined);
  const shares: (number | undefined)[] = [];
  for (const [name, bytes] of files) {
    await writeFile(join(dir, name), bytes);
    const raster = await fileImage(join(dir, name), { window }).load();
    shares.push(raster.clipped);
    strays.add(name, raster);
  }
  const beyond = ramp(3000, 20000).filter((value) => value > 4095).length / 2000;
  assert.equal(shares, [undefined, beyond, 5 / 6]);
  assert.match(strays.warning!, /^2 images mostly lie outside the window .* \(bright\.pgm, 94 % of it\)$/);
});

test.run();
