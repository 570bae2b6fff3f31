import type { Case } from "../case.js";
import { attention } from "./attention.js";
import { cacheFill } from "./cache-fill.js";
import { ceiling } from "./ceiling.js";
import { gemm } from "./gemm.js";
import { layernorm } from "./layernorm.js";
import { linear } from "./linear.js";
import { nearest } from "./nearest.js";
import { score } from "./score.js";
import { softmax } from "./softmax.js";
import { towers } from "./towers.js";
import { trainStep } from "./train-step.js";

/** Every claim, in the order of the table. */
export const CASES: readonly Case[] = [
  ceiling,
  gemm,
  attention,
  layernorm,
  softmax,
  towers,
  nearest,
  score,
  trainStep,
  cacheFill,
  linear,
];
