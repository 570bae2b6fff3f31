import { test } from "uvu";
import * as assert from "uvu/assert";
import type { z } from "zod";
import { shotList } from "../../src/commands/eval.js";

const refuses = (schema: z.ZodType, texts: readonly string[]) => {
  for (const text of texts) assert.not(schema.safeParse(text).success, `"${text}"`);
};

test("lists of K are read, and everything else is refused", () => {
  assert.equal(shotList.parse("1,2, 8"), [1, 2, 8]);
  refuses(shotList, ["", "0", "1,", "1,x", "-1", "1.5", "1e3", "9999999"]);
});

test.run();
