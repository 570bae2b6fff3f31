import { TRAIN_DEFAULTS } from "@inctrl/inctrl";

const { shots, batch, lr } = TRAIN_DEFAULTS;

/** What InCTRL's heads are trained with unless told otherwise; other methods' trainings have defaults of their own. */
export const HEADS_DEFAULTS = { shots, batch, lr, epochs: 10, steps: 100 } as const;

type HeadsSettings = { readonly [K in keyof typeof HEADS_DEFAULTS]: number };

/** Settings with these defaults where they say nothing. */
export function forHeads<S extends Partial<HeadsSettings>>(settings: S): S & HeadsSettings {
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  return { ...HEADS_DEFAULTS, ...Object.fromEntries(given) } as S & HeadsSettings;
}
