// What Node asks while it loads modules: where a module lies, and what its text is.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { compiled } from "./compile.mjs";

/** TypeScript imports its neighbours by the names they will have once they are built. */
export async function resolve(specifier, context, next) {
  if (specifier.startsWith(".") && specifier.endsWith(".js") && context.parentURL?.endsWith(".ts")) {
    const url = new URL(specifier.replace(/js$/, "ts"), context.parentURL);
    if (existsSync(url)) return { url: url.href, format: "module", shortCircuit: true };
  }
  return next(specifier, context);
}

export async function load(url, context, next) {
  if (!url.endsWith(".ts")) return next(url, context);
  return { format: "module", source: compiled(fileURLToPath(url)), shortCircuit: true };
}
