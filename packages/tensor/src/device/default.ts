import { check } from "../errors.js";
import { Device } from "./device.js";

let chosen: Device | null = null;

/**
 * Chooses the device that creation functions (`tensor`, `zeros`, `uniform` ...) use when they are given none; null: none.
 *
 * @example
 * setDefaultDevice(await openDevice());
 * const x = tensor([1, 2, 3]);
 */
export function setDefaultDevice(device: Device | null): void {
  check(
    device === null || device instanceof Device,
    "argument",
    () => "setDefaultDevice: give a device that openDevice() has opened, or null",
  );
  chosen = device;
}

/**
 * The device chosen by `setDefaultDevice`.
 *
 * @throws TensorError `no-device` where none was chosen.
 */
export function defaultDevice(): Device {
  check(
    chosen !== null,
    "no-device",
    () =>
      "no device: give one as the first argument, or choose one with setDefaultDevice(await openDevice())",
  );
  return chosen;
}

/** A function that makes a tensor on the device that is its first argument, or else on the default one. */
export interface OnDevice<A extends unknown[], T> {
  (device: Device, ...args: A): T;
  (...args: A): T;
}

/* @__NO_SIDE_EFFECTS__ */
export const onDevice = <A extends unknown[], T>(make: (device: Device, ...args: A) => T): OnDevice<A, T> =>
  ((...args: unknown[]) =>
    make(...((args[0] instanceof Device ? args : [defaultDevice(), ...args]) as [Device, ...A]))) as OnDevice<
    A,
    T
  >;
