// Builds the page into packages/web/page, and says how much script a visitor loads.
//
//   npm run build:web
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";

/** The most bytes of script, gzipped. */
export const MAX_SCRIPT = 200_000;

const PAGE = fileURLToPath(new URL("page/", import.meta.url));

/** Bytes of all scripts of the built page, gzipped. */
export function scriptBytes(): number {
  const assets = path.join(PAGE, "assets");
  const scripts = readdirSync(assets).filter((name) => name.endsWith(".js"));
  return scripts.reduce((sum, name) => sum + gzipSync(readFileSync(path.join(assets, name))).length, 0);
}

export async function buildPage(): Promise<number> {
  await build({ configFile: fileURLToPath(new URL("vite.config.mjs", import.meta.url)) });
  return scriptBytes();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const bytes = await buildPage();
  console.error(`${path.relative(process.cwd(), PAGE)}: ${(bytes / 1000).toFixed(0)} kB of script, gzipped`);
  if (bytes > MAX_SCRIPT) {
    console.error(`that is more than ${MAX_SCRIPT / 1000} kB`);
    process.exitCode = 1;
  }
}
