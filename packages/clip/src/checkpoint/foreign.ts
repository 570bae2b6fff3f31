// What a file is that holds no weights we read, told by how it begins, so that a refusal names the real cause.
import { ClipError } from "../errors.js";

const GIVE = "give the model's safetensors or PyTorch weights";

// biome-ignore-start lint/suspicious/noControlCharactersInRegex: the bytes of binary files
/** Beginnings, as latin1 text, and what they are. */
export const BEGINNINGS: readonly (readonly [RegExp, string])[] = [
  [
    /^version https:\/\/git-lfs/,
    "a Git LFS pointer and not the file it stands for; run git lfs pull, or download the file itself",
  ],
  [
    /^\s*<(?:!doctype|html|head|body)/i,
    "a web page; the address was of a page about the file: download the file itself",
  ],
  [/^\s*<\?xml/i, `an XML document, such as OpenVINO's; ${GIVE}`],
  [/^(?:GGUF|ggml|lmgg|tjgg|ggjt)/, `a GGUF model; ${GIVE}`],
  [/^\x89HDF\r\n/, `an HDF5 file, as Keras writes; ${GIVE}`],
  [/^[\s\S]{4}TFL3/, `a TensorFlow Lite model; ${GIVE}`],
  [/^[\s\S]{4}ET\d\d/, `an ExecuTorch program; ${GIVE}`],
  [/^\x08\x01\x12/, `a TensorFlow SavedModel; ${GIVE}`],
  [/^\x08[\x02-\x14][\x12\x1a\x22\x28\x32\x3a\x42]/, `an ONNX model; ${GIVE}`],
  [/^model_checkpoint_path:/, `a list of TensorFlow checkpoints; ${GIVE}`],
  [/^(?:[\x81-\x8f]|\xde..|\xdf....)[\xa0-\xbf\xd9]/s, `MessagePack, as Flax writes; ${GIVE}`],
  [/^\x93NUMPY/, `a NumPy array; ${GIVE}`],
  [/^ftrt|^ptrt/, `a TensorRT engine; ${GIVE}`],
  [
    /^\x1f\x8b|^BZh|^\xfd7zXZ|^\x28\xb5\x2f\xfd|^7z\xbc\xaf|^Rar!/,
    "a compressed archive; unpack it and name the weights file",
  ],
  [/^\x89PNG|^\xff\xd8\xff|^GIF8|^BM|^II\*\0|^MM\0\*/, "a picture; name the weights file"],
  [/^%PDF/, "a PDF; name the weights file"],
  [/^\x7fELF|^MZ/, "a program; name the weights file"],
  [/^PK\x05\x06/, "an empty zip archive; name the weights file"],
  [
    /^\x80[\x02-\x05]/,
    "a pickle that torch.save did not write; convert one you trust: torch.save(state_dict, path)",
  ],
  [/^\s*\{/, "JSON without a weight_map, and no weights; name the weights file beside it"],
  [/^\0{64}/, "nothing but zeros, as an unfinished download leaves; fetch it again"],
  [/^$/, "empty; fetch it again"],
];
// biome-ignore-end lint/suspicious/noControlCharactersInRegex: the bytes of binary files

/** Files of TensorFlow checkpoints, which begin with no sign. */
const TENSORFLOW = /\.(?:ckpt\.(?:meta|index)|data-\d{5}-of-\d{5})$/i;

/** The error about a file that is no checkpoint. `text`: how it begins, as latin1 text. */
export function foreignFile(path: string, text: string): ClipError {
  const kind = BEGINNINGS.find(([sign]) => sign.test(text))?.[1];
  if (kind !== undefined) return new ClipError("file-format", `${path}: is ${kind}`);
  if (TENSORFLOW.test(path))
    return new ClipError("file-format", `${path}: is part of a TensorFlow checkpoint; ${GIVE}`);
  const printable = /^[\x20-\x7e\r\n\t]+$/.test(text);
  const says = printable ? `, but text that begins ${JSON.stringify(text.trim().slice(0, 40))}` : "";
  return new ClipError(
    "file-format",
    `${path}: neither safetensors nor a PyTorch checkpoint${says}; give the model's weights file`,
  );
}
