import { requireNetwork } from "@inctrl/baselines";
import type { Engine, OpenEngine } from "@inctrl/server/serve";
import type { ServeOptions } from "../commands/serve.js";
import { acquireDevice, adapterName } from "../device.js";
import { judgeFor, loadBackbone, openModel } from "../score/model.js";

/** What of a command's options says which device and backbone a service has. */
export type EngineOptions = Pick<
  ServeOptions,
  | ("device" | "backbone" | "modelConfig" | "vocabulary" | "dtype" | "heads")
  | ("maxMegapixels" | "batch" | "threads")
>;

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
      return {
        backbone: backbone.name,
        model: backbone.fingerprint,
        adapter: adapterName(device.caps),
        async open(bank) {
          const own = { ...AS_MADE, ...options, bank };
          const model = await openModel(backbone, null, own, signal);
          try {
            const judge = await judgeFor(model, own);
            return { fitted: model.fitted, judge, [Symbol.dispose]: () => model[Symbol.dispose]() };
          } catch (error) {
            model[Symbol.dispose]();
            throw error;
          }
        },
        close() {
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

/** Everything else is as the bank was made. */
const AS_MADE = {
  ...{ class: undefined, method: undefined, preset: undefined, set: {}, alpha: undefined },
  ...{ symmetries: undefined, fit: undefined, window: undefined, orientation: undefined },
} as const;
