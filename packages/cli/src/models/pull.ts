import { type PulledFile, pull } from "@inctrl/clip";
import { EXIT } from "../errors.js";
import { printResult } from "../output/print.js";
import { info, warn } from "../ui/log.js";
import { type Progress, startProgress } from "../ui/progress.js";

const CHECKED = {
  sha256: "its published checksum holds",
  "sha256-prefix": "the published start of its checksum holds",
  hub: "the hub's own checksum holds",
} as const satisfies Record<NonNullable<PulledFile["checked"]>, string>;

/** Downloads a model with a progress bar, and prints the paths of its files and how they were checked. */
export async function pullModel(
  name: string,
  { json }: { json?: boolean },
  signal: AbortSignal,
): Promise<number> {
  let current: { url: string; progress: Progress } | null = null;
  const files = await pull(name, {
    signal,
    onProgress(file, { received, total = 0 }) {
      if (current?.url !== file.url) {
        current?.progress.stop();
        info(`downloading ${file.url}`);
        const progress = startProgress(total, { verb: file.saveAs, unit: "byte" });
        current = { url: file.url, progress };
      }
      current.progress.update(received, total);
    },
    onRetry: (file, why) => warn(`${file.url}: ${why}; trying again`),
  }).finally(() => current?.progress.stop());
  const lines = files.map(({ path, status, checked, unchecked }) => {
    if (checked === null)
      warn(`${path}: its checksum was not compared, as the hub was not reached: ${unchecked}`);
    const how = checked === null ? "unchecked" : CHECKED[checked];
    return `${path}  ${status === "present" ? "was here already" : "downloaded"}; ${how}\n`;
  });
  await printResult(json, { name, files }, lines.join(""));
  return EXIT.ok;
}
