import { type Device, openDevice, tuneRule } from "@inctrl/tensor";

/** The rule for tiles on this processor, measured once a process; undefined before. */
let measured: Device["tuning"] | undefined;

/** A device as the command has it: on a software adapter with the rule that was measured for this processor. */
export async function openTuned(): Promise<Device> {
  const device = await openDevice();
  if (process.env.INCTRL_TUNING === "off") return device;
  if (!measured) {
    await tuneRule(device);
    measured = new Map(device.tuning);
  }
  for (const [key, tile] of measured) device.tuning.set(key, tile);
  return device;
}
