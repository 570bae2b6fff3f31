// Lets Node run the TypeScript sources of this repository:
//
//   node --conditions=@inctrl/source --import ./scripts/typescript/register.mjs some/file.ts
import { register } from "node:module";

process.setSourceMapsEnabled(true);
register("./hooks.mjs", import.meta.url);
