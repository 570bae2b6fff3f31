import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";

const golden = (name: string): string => fileURLToPath(new URL(`../golden/${name}`, import.meta.url));

/** Committed fixtures: whole models of 5 x 5 and 3 x 3 patches, with heads (see golden/make_fixtures.py). */
export const PATCH14 = golden("patch14-one-shot");
export const THREE_SHOT = golden("three-shot");

/** Two preprocessed images of 9 x 9 pixels in the released code's form (see golden/make_few_shot.py). */
export const FEW_SHOT = golden("few-shot.pt");

/** A path below `../shared`; undefined, with a line of output, where it is absent. */
export function shared(path: string): string | undefined {
  const full = fileURLToPath(new URL(`../../../../shared/${path}`, import.meta.url));
  if (existsSync(full)) return full;
  console.log(`skipped: ../shared/${path} absent`);
  return undefined;
}

/**
 * The same bytes as a view into a larger buffer of others, as Node gives small files: what reads beyond the view, or from the
 * buffer's beginning, sees bytes that are not the file's.
 */
export function pooled(bytes: Uint8Array, offset = 24): Buffer {
  const pool = Buffer.alloc(offset + bytes.length + 64, 0xff);
  pool.set(bytes, offset);
  return pool.subarray(offset, offset + bytes.length);
}

/** Whether a name in a released file is of InCTRL's heads, which a backbone passes over. */
export const isHead = (name: string): boolean => /^(adapter\.fc|diff_head(_ref)?)\./.test(name);

/**
 * A suite whose tests each have a new folder, `dir`, that goes when they end.
 *
 * @param more what else the tests are given; hooks of the suite fill it.
 * @example
 * const test = folderTests("ledger");
 * test("an entry is kept", async ({ dir }) => { ... });
 * test.run();
 */
export function folderTests<More extends object = object>(name: string, more?: More) {
  const test = suite(name, { dir: "", ...(more as More) });
  test.before.each(async (context) => {
    context.dir = await mkdtemp(join(tmpdir(), `inctrl-${name}-`));
  });
  test.after.each((context) => rm(context.dir, { recursive: true }));
  return test;
}
