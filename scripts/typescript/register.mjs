// Lets Node run the TypeScript of this repository as it lies:
//
//   node --conditions=@inctrl/source --import ./scripts/typescript/register.mjs some/file.ts
import { register } from "node:module";

process.setSourceMapsEnabled(true);
register("./hooks.mjs", import.meta.url);
