import type { Rule } from "../rule.js";
import { ATTENTION_RULES } from "./attention.js";
import { CONV_RULES } from "./conv.js";
import { ELEMENTWISE_RULES } from "./elementwise.js";
import { LINEAR_RULES } from "./linear.js";
import { REDUCE_RULES } from "./reduce.js";
import { SHAPE_RULES } from "./shape.js";

/** Every op's gradients by its name. An op that is not here raises when something flows back through it. */
export const RULES: Readonly<Record<string, Rule | undefined>> = {
  ...ELEMENTWISE_RULES,
  ...SHAPE_RULES,
  ...REDUCE_RULES,
  ...LINEAR_RULES,
  ...ATTENTION_RULES,
  ...CONV_RULES,
};
