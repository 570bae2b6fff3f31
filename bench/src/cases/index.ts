import type { Case } from "../case.js";
import { attention } from "./attention.js";
import { ceiling } from "./ceiling.js";
import { gemm } from "./gemm.js";
import { linear } from "./linear.js";
import { methods } from "./methods.js";
import { nearest } from "./nearest.js";
import { cacheFill, score, trainStep } from "./pipeline.js";
import { resnets } from "./resnets.js";
import { layernorm, softmax } from "./rows.js";
import { towers } from "./towers.js";
import { windows } from "./windows.js";

/** Every claim, in the order of the table. */
export const CASES: readonly Case[] = [
  ...[ceiling, gemm, attention, layernorm, softmax],
  ...[towers, windows, resnets, methods, nearest, score, trainStep, cacheFill, linear],
];
