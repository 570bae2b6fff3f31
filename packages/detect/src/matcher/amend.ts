import { openSealed, writeSealed } from "../files/sealed.js";
import { FORMAT, fail } from "./bank-info.js";

/** Entries of a bank's metadata, as text. */
export type BankEntries = Readonly<Record<string, string>>;

/**
 * Sets entries of a bank's metadata and keeps all else. The file is replaced whole or not at all.
 *
 * @throws DetectError `bank` for other files; `damaged` for bytes that are not those written.
 */
export async function amendBank(path: string, entries: BankEntries): Promise<void> {
  await using file = await openSealed(path);
  if (file.metadata.format !== FORMAT) throw fail(path, "is no prompt bank; make one from its prompts");
  const { sum: _, sums: __, ...metadata } = file.metadata;
  const stored = [...file.tensors.entries()].map(
    async ([name, { shape }]) => [name, { dtype: "F32", shape, data: await file.readFloat32(name) }] as const,
  );
  await writeSealed(path, new Map(await Promise.all(stored)), { ...metadata, ...entries });
}
