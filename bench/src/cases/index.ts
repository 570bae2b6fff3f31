import type { Case } from "../case.js";
import { attention } from "./attention.js";
import { ceiling } from "./ceiling.js";
import { gemm } from "./gemm.js";
import { layernorm } from "./layernorm.js";
import { softmax } from "./softmax.js";
import { towers } from "./towers.js";

/** Every claim, in the order of the table. */
export const CASES: readonly Case[] = [ceiling, gemm, attention, layernorm, softmax, towers];
