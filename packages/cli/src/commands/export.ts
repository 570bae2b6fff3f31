import { runExport } from "../export/run.js";
import * as shared from "../options/groups.js";
import { group, option, type Settings } from "../options/option.js";
import { flag, text } from "../options/values.js";
import { interruptible } from "../signals.js";
import { defineVerb } from "../verb.js";

export type ExportOptions = Settings<typeof OPTIONS>;

const { runtime: _, ...model } = shared.scoringModel;

const OPTIONS = {
  ...group("Files", {
    onnx: option("<file>", "the ONNX file that is written", text),
    bank: option("<file>", "the bank, with its line if it has one", text),
    unverified: option("", "write the file without a run in onnxruntime, which it says", flag.default(false)),
  }),
  ...group("Images", {
    fit: option("<how>", shared.FIT_HELP, shared.fits.optional(), "as the bank was made"),
    ...shared.readingOfFiles,
  }),
  ...group("Model", model),
  json: shared.json,
  ...shared.machine,
};

/** `inctrl export`: a bank with its network as one file for other runtimes. */
export const exportCommand = defineVerb({
  summary: "write a bank and its network as one ONNX file",
  description:
    "Writes the network, the search in the bank, the fusion and the line as one ONNX file, which onnxruntime, OpenVINO and TensorRT run without this program.",
  options: OPTIONS,
  examples: `
inctrl export --onnx part.onnx --bank part.bank.safetensors
inctrl export --onnx part.onnx --bank part.bank.safetensors --backbone deit-tiny --json`,
  notes: `
The file takes "images", bytes of RGB [batch, height, width, 3], resized and cropped as its metadata says (inctrl.preprocess); it normalises
them itself. It gives "score" [batch] and "map" [batch, rows, columns], and with a line "p_value" and "flagged" [batch]. Methods are
residual and inctrl; what has no form in ONNX is refused by name.

The file gets its name once onnxruntime has found the same scores and maps in it, to 1e-4. onnxruntime-node is not installed with this
program: npm install onnxruntime-node. A score that lies as close to the line as that may be told otherwise than here.

Exit code 0: the file is written; 1: it is not; 130: Ctrl-C stopped it.`,
  run: (settings) => interruptible((signal) => runExport(settings, signal)),
});
