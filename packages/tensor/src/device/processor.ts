/** The processor, on which software adapters compute. */
export interface Processor {
  /** As the system names it; machines of a cloud often hide all but the maker. */
  readonly model: string;
  /** Family and model numbers, which tell apart processors of one name; empty where the system gives none. */
  readonly family: string;
  /** The widest vector instructions: `AVX-512`, `AVX2`, `AVX`, `SSE`, `SVE`, `NEON`; empty where unknown. */
  readonly instructions: string;
}

/** The widest first. */
const INSTRUCTIONS: readonly [flag: string, name: string][] = [
  ["avx512f", "AVX-512"],
  ["avx2", "AVX2"],
  ["avx", "AVX"],
  ["sse2", "SSE"],
  ["sve", "SVE"],
  ["asimd", "NEON"],
  ["neon", "NEON"],
];

/**
 * What the system tells of this machine's processor; null in browsers.
 *
 * @example
 * const { model, instructions } = (await readProcessor())!; // "AMD EPYC", "AVX2"
 */
export async function readProcessor(): Promise<Processor | null> {
  try {
    const [{ cpus, arch }, { readFile }] = await Promise.all([import("node:os"), import("node:fs/promises")]);
    // Only Linux has the file.
    const text = await readFile("/proc/cpuinfo", "utf8").catch(() => "");
    return processorOf(text, cpus()[0]?.model.trim() || arch(), arch());
  } catch {
    return null;
  }
}

/** The processor by the text of Linux' `/proc/cpuinfo`, by a model that is known otherwise, and by Node's name of the architecture. */
export function processorOf(text: string, model: string, architecture: string): Processor {
  const value = (name: string) => new RegExp(`^${name}\\s*: (.*)$`, "m").exec(text)?.[1].trim();
  const flags = new Set((value("flags") ?? value("Features") ?? "").split(/\s+/));
  const found = INSTRUCTIONS.find(([flag]) => flags.has(flag))?.[1];
  const [family, number] = [value("cpu family"), value("model")];
  return {
    model,
    family: family && number ? `family ${family}, model ${number}` : "",
    instructions: found ?? (architecture === "arm64" ? "NEON" : ""),
  };
}

/**
 * One line on a processor.
 *
 * @example
 * describeProcessor({ model: "AMD EPYC", family: "family 25, model 1", instructions: "AVX2" }); // "AMD EPYC (family 25, model 1), AVX2"
 */
export function describeProcessor({ model, family, instructions }: Processor): string {
  return [family ? `${model} (${family})` : model, instructions].filter(Boolean).join(", ");
}
