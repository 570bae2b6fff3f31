/** A learning rate by step, counted from 0. */
export type Schedule = (step: number) => number;

/** The same rate throughout. */
export const constant =
  (rate: number): Schedule =>
  () =>
    rate;

/** Half a cosine from `rate` down to `end` over `steps`, then `end`. @example cosine(1e-3, 1000) */
export const cosine =
  (rate: number, steps: number, end = 0): Schedule =>
  (step) =>
    end + (rate - end) * 0.5 * (1 + Math.cos(Math.PI * Math.min(1, step / Math.max(1, steps))));

/** A straight line up to the schedule's own rate over the first `steps`. @example warmup(100, cosine(1e-3, 1000)) */
export const warmup =
  (steps: number, then: Schedule): Schedule =>
  (step) =>
    then(step) * Math.min(1, (step + 1) / Math.max(1, steps));

/** One rate over the first `steps`, then another schedule from its beginning. @example hold(1, 1e-5, cosine(2e-3, 200)) */
export const hold =
  (steps: number, rate: number, then: Schedule): Schedule =>
  (step) =>
    step < steps ? rate : then(step - steps);

/** A schedule of epochs in place of steps, `steps` of which are an epoch. @example byEpoch(100, cosine(2e-3, 10)) */
export const byEpoch =
  (steps: number, epochs: Schedule): Schedule =>
  (step) =>
    epochs(Math.floor(step / steps));
