// Module hooks of Node: where a module is, and its text.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { bundled, ownerOf } from "./bundles.mjs";
import { compiled } from "./compile.mjs";

/** TypeScript files import each other by the names of their built files. A bundle finds libraries where packages do. */
export async function resolve(specifier, context, next) {
  const { parentURL } = context;
  if (specifier.startsWith(".") && specifier.endsWith(".js") && parentURL?.endsWith(".ts")) {
    const url = new URL(specifier.replace(/js$/, "ts"), parentURL);
    if (existsSync(url)) return { url: url.href, format: "module", shortCircuit: true };
  }
  return next(specifier, { ...context, parentURL: ownerOf(specifier, parentURL) ?? parentURL });
}

export async function load(url, context, next) {
  const source = bundled(url) ?? (url.endsWith(".ts") ? await compiled(fileURLToPath(url)) : undefined);
  return source === undefined ? next(url, context) : { format: "module", source, shortCircuit: true };
}
