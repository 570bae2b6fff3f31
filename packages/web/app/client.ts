import * as Comlink from "comlink";
import type { Engine } from "./engine/engine.js";
import type { Notify, Progress } from "./engine/types.js";

/** The engine in its worker. */
export function startEngine(): Comlink.Remote<Engine> {
  const worker = new Worker(new URL("./engine/worker.ts", import.meta.url), { type: "module" });
  return Comlink.wrap<Engine>(worker);
}

/** A callback that the worker may call. */
export const heard = (tell: (progress: Progress) => void): Notify & Comlink.ProxyMarked =>
  Comlink.proxy((progress: Progress) => tell(progress));

/** Why WebGPU is not here, and what to do about it. */
export interface Missing {
  readonly why: string;
  readonly mend: readonly string[];
}

/** What keeps a page from WebGPU; null where nothing does. */
export async function webgpuMissing(): Promise<Missing | null> {
  if (!globalThis.isSecureContext)
    return {
      why: "This address is not secure, and browsers offer WebGPU on secure addresses alone.",
      mend: ["Open the page by https://, or on this machine by http://localhost."],
    };
  if (!navigator.gpu)
    return {
      why: "This browser has no WebGPU, by which the page computes on your own device.",
      mend: [
        "Use a current Chrome, Edge or Opera, Safari 26 or later, or Firefox 141 or later on Windows and 145 or later on a Mac.",
        "Chrome on Linux may need chrome://flags/#enable-unsafe-webgpu and #enable-vulkan to be enabled.",
        "Or score on the command line: inctrl score needs no browser.",
      ],
    };
  const adapter = await navigator.gpu.requestAdapter().catch(() => null);
  if (adapter) return null;
  return {
    why: "The browser has WebGPU and found no graphics adapter that it may use.",
    mend: [
      "Turn graphics acceleration on in the browser's settings, and start it again.",
      "Update the driver of the graphics card; chrome://gpu says why an adapter is passed over.",
    ],
  };
}
