// Imported before the command (`node --import`): SIGUSR2 destroys the device that was opened last, under whoever uses it.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { isMainThread } from "node:worker_threads";

// Threads that decode import it too, and have no device.
if (isMainThread) {
  const { resolve } = createRequire(new URL("../../../tensor/package.json", import.meta.url));
  const { globals } = await import(pathToFileURL(resolve("webgpu")).href);
  const { prototype } = globals.GPUAdapter;
  const { requestDevice } = prototype;
  let device;
  prototype.requestDevice = async function (descriptor) {
    device = await requestDevice.call(this, descriptor);
    return device;
  };
  process.on("SIGUSR2", () => {
    device.destroy();
    process.stderr.write("the device is destroyed\n");
  });
}
