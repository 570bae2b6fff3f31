import { fileSource, openSafetensors, type TensorFile } from "@inctrl/tensor/files";
import { ClipError } from "../errors.js";

/**
 * Opens a checkpoint by its content, whatever its name: safetensors, or a PyTorch zip archive (`.pt`, `.pth`, `.bin`, `.pyth`,
 * TorchScript included). Values are read one tensor at a time.
 *
 * @throws ClipError or TensorFileError.
 *
 * @example
 * const file = await openCheckpoint("clip.pt")
 * console.log(file.format, file.tensors.size)
 * await file.close()
 */
export async function openCheckpoint(path: string): Promise<TensorFile> {
  const source = await fileSource(path);
  try {
    const start = await source.read(0, Math.min(16, source.size));
    if (startsWith(start, [0x50, 0x4b, 0x03, 0x04])) {
      // Imported on demand, since it is the only part of this package that cannot be bundled for a browser.
      const { openTorch } = await import("./torch-file.js");
      return await openTorch(source);
    }
    // PROTO opcode: torch.save before 1.6 wrote bare pickles, and so does pickle.dump.
    if (start[0] === 0x80 && start[1] >= 2 && start[1] <= 5)
      throw new ClipError(
        "file-format",
        `${path}: a bare pickle (PyTorch before 1.6?), which is not read; convert one you trust with PyTorch: torch.save(torch.load(path), path)`,
      );
    if (start[8] !== 0x7b)
      throw new ClipError(
        "file-format",
        `${path}: neither safetensors nor a PyTorch checkpoint; give the model's weights file`,
      );
  } catch (error) {
    await source.close();
    throw error;
  }
  await source.close();
  return openSafetensors(path);
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, i) => bytes[i] === byte);
}
