import { test } from "uvu";
import * as assert from "uvu/assert";
import type { z } from "zod";
import { aggregate, components, shotList } from "../../src/commands/eval.js";

const refuses = (schema: z.ZodType, texts: readonly string[]) => {
  for (const text of texts) assert.not(schema.safeParse(text).success, `"${text}"`);
};

test("lists of K, components and the aggregate are read, and everything else is refused", () => {
  assert.equal(shotList.parse("1,2, 8"), [1, 2, 8]);
  refuses(shotList, ["", "0", "1,", "1,x", "-1", "1.5", "1e3", "9999999"]);
  assert.equal(components.parse("t, P"), ["P", "T"]);
  refuses(components, ["", "P,Q", "P,P", "PI"]);
  assert.equal(
    ["max", "top1", "top10"].map((text) => aggregate.parse(text)),
    ["max", "top1", "top10"],
  );
  refuses(aggregate, ["", "mean", "top", "top0", "top-1", "top1.5", "topK"]);
});

test.run();
