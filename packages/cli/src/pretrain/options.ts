import { z } from "zod";
import { type Given, positive, settingsOf, text, whole } from "../settings.js";

/** Groups of the pool are put into order by multiplication. */
function isPrime(n: number): boolean {
  for (let d = 2; d * d <= n; d++) if (n % d === 0) return false;
  return true;
}

const NUMBER = "give a number, zero or more";

/** Every setting of a pretraining; in a config file the names are those of the command line. */
const SETTINGS = z
  .object({
    model: text.optional(),
    from: text.optional(),
    imageSize: whole(1, 1024).optional(),
    merges: whole(1, 20_000).default(1200),
    steps: whole(1, 1e7).default(3000),
    batch: whole(4, 4096).default(64),
    group: whole(4, 64).multipleOf(2, { error: "give an even number" }).default(4),
    pool: whole(3, 1e6).refine(isPrime, { error: "give a prime number, such as 16381" }).default(16381),
    lr: positive(0, NUMBER).default(1e-3),
    warmUp: whole(0, 1e7).default(200),
    coolDown: whole(0, 1e7).default(1000),
    weightDecay: positive(0, NUMBER).default(0.05),
    clip: positive(0, NUMBER).default(1),
    matchWeight: positive(0, NUMBER).default(0.3),
    stateWeight: positive(0, NUMBER).default(0.5),
    patchWeight: positive(0, NUMBER).default(1),
    residualWeight: positive(0, NUMBER).default(2),
    appearanceWeight: positive(0, NUMBER).default(1),
    seed: whole(0, 0xffffffff).default(0),
    minutes: positive(0, NUMBER).optional(),
    saveEvery: whole(1, 1e7).default(100),
    judgeEvery: whole(1, 1e7).default(250),
    out: text.default("pretrain-out"),
    resume: z.boolean().default(false),
    device: text.optional(),
  })
  .refine(({ batch, group }) => batch % group === 0, {
    path: ["batch"],
    error: "give a multiple of --group",
  });

export type PretrainSettings = z.infer<typeof SETTINGS>;

/** The settings of a pretraining. */
export const readPretrainSettings = (given: Given, configFile?: string): Promise<PretrainSettings> =>
  settingsOf(SETTINGS, given, configFile);
