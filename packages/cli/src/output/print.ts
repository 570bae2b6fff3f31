import { printable } from "@inctrl/datasets";
import { openSink } from "./sink.js";

/** Writes to standard output what a terminal can show, and waits until all is written. */
export async function print(text: string): Promise<void> {
  const sink = await openSink();
  await sink.write(printable(text));
}

/** Writes a result as one JSON document where `--json` is given, else as text for people. */
export const printResult = (json: boolean | undefined, document: unknown, text: string): Promise<void> =>
  print(json ? `${JSON.stringify(document, null, 2)}\n` : text);
