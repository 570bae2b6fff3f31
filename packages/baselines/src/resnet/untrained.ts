import { findConfig, type ModelConfig } from "@inctrl/clip";
import { findResNet, type ResNetConfig } from "./config.js";

/** A network without training, by the name of its configuration; the seed is 0 unless it is given. */
const UNTRAINED = /^untrained:(?<name>[^?]+)(?:\?seed=(?<seed>\d{1,9}))?$/;

/** A configuration and a seed, for a name `untrained:NAME?seed=N`. @throws ClipError `unknown-model` for other names after the colon. */
export function untrained(source: string): { config: ResNetConfig | ModelConfig; seed: number } | null {
  const { name, seed = "0" } = UNTRAINED.exec(source)?.groups ?? {};
  if (name === undefined) return null;
  return { config: findResNet(name) ?? findConfig(name), seed: Number(seed) };
}
