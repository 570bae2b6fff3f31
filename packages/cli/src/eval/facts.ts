import type { Backbone, RunFacts } from "@inctrl/detect";
import { adapterName } from "../device.js";
import { version } from "../version.js";

/** What a run's result files say of it. */
export function factsOf(
  { name, fingerprint, device }: Backbone,
  { data, heads, class: className, dtype }: Pick<RunFacts, "data" | "heads" | "class" | "dtype">,
): RunFacts {
  return {
    ...{ version: version(), date: new Date().toISOString() },
    ...{ data, backbone: name, fingerprint, heads, class: className, dtype },
    device: adapterName(device.caps),
  };
}
