import { openSink } from "./sink.js";

/** Writes to standard output, and waits until all is written. */
export async function print(text: string): Promise<void> {
  const sink = await openSink();
  await sink.write(text);
}

/** Writes one JSON document to standard output. */
export async function printJson(document: unknown): Promise<void> {
  await print(`${JSON.stringify(document, null, 2)}\n`);
}
