// What a test run has bundled, for the processes that it starts.
import { readFileSync } from "node:fs";
import path from "node:path";

const { INCTRL_BUNDLES: folder } = process.env;
const { files, owners, tests } = folder
  ? JSON.parse(readFileSync(path.join(folder, "index.json"), "utf8"))
  : { files: {}, owners: {}, tests: {} };

/** The text of the bundle that stands in place of a module; undefined where none does. */
export const bundled = (url) => (url in files ? readFileSync(files[url], "utf8") : undefined);

/** A package that depends on a library; undefined where the importing module is no bundle, or where none does. */
export const ownerOf = (library, parent) =>
  parent in files ? owners[/^(@[^/]+\/)?[^/]+/.exec(library)?.[0]] : undefined;

/** Loads a test file, from the bundle of tests where it is in it. */
export async function loadTest(url) {
  if (!(url in tests)) return await import(url);
  const { default: loaders } = await import(tests[url]);
  return await loaders[url]();
}
