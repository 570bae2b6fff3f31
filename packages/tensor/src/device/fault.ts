import { TensorError } from "../errors.js";

/** What the GPU reports, in our words. @param inUse bytes of buffers in use. */
export function faultOf(error: GPUError | Error, inUse: number): TensorError {
  if (error.constructor.name === "GPUOutOfMemoryError") {
    return new TensorError(
      "out-of-memory",
      `the adapter is out of memory (${inUse} bytes in use); open a new device, and use a smaller batch ` +
        "or dispose sooner what is no longer needed",
    );
  }
  // The message begins with the fault; the lines after it name the command and its kernel.
  const [text, ...context] = error.message.split("\n");
  const label = /"+([^"]+)"/.exec(context.join("\n"))?.[1] ?? "a command";
  return new TensorError("gpu-validation", `the GPU refused ${label}: ${text}; open a new device to go on`);
}
