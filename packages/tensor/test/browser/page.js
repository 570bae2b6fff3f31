// Runs in the browser: the package as it is published, imported without a bundler. browser.test.ts calls these.
import {
  checkKernels,
  matmul,
  openDevice,
  openSafetensors,
  parseSafetensors,
  scope,
  TensorError,
  TensorFileError,
  tensor,
} from "@inctrl/tensor";

/** What an adapter offers, and the heavy kernels of a family checked on it. */
async function kernels(family) {
  const device = await openDevice({ family });
  try {
    return { caps: device.caps, checks: await checkKernels(device), tensors: device.memory().tensors };
  } finally {
    device.close();
  }
}

/** A small product, read back as nested arrays. */
async function product(a, b) {
  const device = await openDevice();
  try {
    const c = scope(() => matmul(tensor(device, a), tensor(device, b)));
    return await c.toArray();
  } finally {
    device.close();
  }
}

/** The values of a tensor in a safetensors file that the server holds. */
async function fetchTensor(url, name) {
  const file = parseSafetensors(new Uint8Array(await (await fetch(url)).arrayBuffer()), url);
  return { shape: file.tensors.get(name).shape, values: Array.from(await file.readFloat32(name)) };
}

/** How errors look: their class, code and message. */
async function mistake() {
  const device = await openDevice();
  try {
    matmul(tensor(device, [[1, 2]]), tensor(device, [[1, 2]]));
  } catch (error) {
    return { known: error instanceof TensorError, code: error.code, message: error.message };
  } finally {
    device.close();
  }
}

/** What a page is told that opens a file by path. */
async function openPath() {
  try {
    await openSafetensors("model.safetensors");
    return "opened";
  } catch (error) {
    return error instanceof TensorFileError ? error.message : `unexpected: ${error}`;
  }
}

globalThis.smoke = { kernels, product, fetchTensor, mistake, openPath };
