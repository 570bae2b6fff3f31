import { requireNetwork } from "@inctrl/baselines";
import {
  DecodePool,
  decodeThreads,
  describeBank,
  goodImagesOf,
  judgeOf,
  learnGood,
  learntAs,
  readCalibration,
} from "@inctrl/detect";
import type { Engine, OpenBank, OpenEngine } from "@inctrl/server/serve";
import type { ServeOptions } from "../commands/serve.js";
import { acquireDevice, adapterName } from "../device.js";
import { loadBackbone, type Model, type ModelOptions, openModel, verdictSettings } from "../score/model.js";

/** What of a command's options says which device and backbone a service has. */
export type EngineOptions = Pick<
  ServeOptions,
  | ("device" | "backbone" | "modelConfig" | "vocabulary" | "dtype" | "heads")
  | ("maxMegapixels" | "batch" | "threads")
> &
  Partial<Pick<ServeOptions, "runtime">>;

/**
 * What opens the device, the backbone and banks of a service, in the way in which `inctrl score --bank` does.
 *
 * @param acquire opens the device.
 */
export function engineOf(
  options: EngineOptions,
  signal: AbortSignal,
  acquire: typeof acquireDevice = acquireDevice,
): OpenEngine {
  return async (): Promise<Engine> => {
    await requireNetwork(options.backbone);
    const { device, close } = await acquire(options.device);
    try {
      const backbone = await loadBackbone(device, options);
      // The thread that answers requests decodes nothing unless it is told to.
      const pool = new DecodePool(options.threads ?? Math.max(1, decodeThreads(device.caps.software)));
      return {
        backbone: backbone.name,
        model: backbone.fingerprint,
        adapter: adapterName(device.caps),
        pool,
        async open(bank) {
          const own = { ...AS_MADE, ...options, bank, pool };
          const model = await openModel(backbone, null, own, signal);
          try {
            return {
              ...(await openedBank(bank, model, own, signal)),
              [Symbol.dispose]: () => model[Symbol.dispose](),
            };
          } catch (error) {
            model[Symbol.dispose]();
            throw error;
          }
        },
        close() {
          void pool.close();
          backbone.dispose();
          close();
        },
      };
    } catch (error) {
      close();
      throw error;
    }
  };
}

/** What the file of a bank says beside its model, and how it learns. */
async function openedBank(
  path: string,
  model: Model,
  options: ModelOptions,
  signal: AbortSignal,
): Promise<Omit<OpenBank, typeof Symbol.dispose>> {
  const { fitted, opening } = model;
  const settings = await verdictSettings(model, options);
  const calibration = await readCalibration(path, settings);
  const { history, info } = await describeBank(path);
  const images = [...info.prompts, ...goodImagesOf({ calibration })];
  return {
    fitted,
    judge: calibration && judgeOf(calibration),
    about: {
      version: history.version,
      last: history.changes.at(-1) ?? null,
      known: new Set(images.flatMap(({ sha256 }) => sha256 ?? [])),
      learntAs: learntAs(calibration),
    },
    learn: (good) =>
      learnGood({ path, from: history.id, fitted, calibration, signal }, good, {
        ...{ settings, className: opening.className ?? undefined, find: () => undefined },
      }),
  };
}

/** Everything else is as the bank was made. */
const AS_MADE = {
  ...{ class: undefined, method: undefined, preset: undefined, set: {}, alpha: undefined },
  ...{ symmetries: undefined, fit: undefined, window: undefined, orientation: undefined },
} as const;
