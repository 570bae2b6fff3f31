// PyTorch's zip checkpoints (from 1.6 on): a pickle that describes tensors, and one archive entry for each storage.
import { type ByteSource, quoted } from "@inctrl/tensor/files";
import { ClipError } from "../errors.js";
import { type Archive, openArchive } from "./archive.js";
import { unpickle } from "./pickle.js";
import type { TorchContainer } from "./torch-container.js";
import { torchConstructors } from "./torch-objects.js";

/** Longest pickle read, in bytes. */
export const MAX_PICKLE_BYTES = 64 * 1024 * 1024;

/** Reads a zip checkpoint's pickle. */
export const readZip = async (source: ByteSource): Promise<TorchContainer> =>
  containerIn(await openArchive(source), source.label);

/** The same of an opened archive. */
export async function containerIn(archive: Archive, label: string): Promise<TorchContainer> {
  const root = archiveRoot(archive, label);
  if (archive.size(`${root}byteorder`) !== undefined) {
    const order = new TextDecoder().decode(await archive.read(`${root}byteorder`, 16));
    if (order.trim() !== "little")
      throw new ClipError("file-format", `${label}: was saved on a big-endian machine`);
  }
  const pickle = await archive.read(`${root}data.pkl`, MAX_PICKLE_BYTES);
  return {
    value: unpickle(pickle, torchConstructors(label), label),
    storages: {
      size: (key) => archive.size(`${root}data/${key}`),
      stream: (key, offset, length) => archive.stream(`${root}data/${key}`, offset, length),
    },
  };
}

/** What an archive without data.pkl is, by a name in it. */
const OTHERS: readonly (readonly [RegExp, string])[] = [
  [/\.npy$/, "of NumPy arrays (.npz); save the weights as safetensors"],
  [
    /^[^/]*\/?model\.json$/,
    "that PyTorch before 1.4 wrote as TorchScript; load it with torch.jit.load and save its state_dict()",
  ],
  [/(?:^|\/)model\.weights\.h5$/, "that Keras wrote; give the PyTorch or safetensors weights of the model"],
  [/(?:^|\/)archive_format$/, "that torch.export wrote; save the model's state_dict()"],
  [/\.(?:safetensors|bin|pth?|ckpt|pyth)$/, "around weights files; unpack it and name one of them"],
];

/** The folder, with its slash, that holds data.pkl. */
function archiveRoot(archive: Archive, label: string): string {
  const names = [...archive.names];
  const found = names.filter((name) => /^(?:[^/]+\/)?data\.pkl$/.test(name));
  if (found.length === 1) return found[0].slice(0, -"data.pkl".length);
  const other = OTHERS.find(([sign]) => names.some((name) => sign.test(name)))?.[1];
  throw new ClipError(
    "file-format",
    found.length > 1
      ? `${label}: a zip archive with two checkpoints, ${found.slice(0, 2).map(quoted).join(" and ")}; give a file with one`
      : `${label}: a zip archive ${other ?? "that torch.save did not write (no data.pkl in it); give the model's weights file"}`,
  );
}
