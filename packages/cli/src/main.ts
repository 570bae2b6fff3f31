import { run } from "./program.js";

// Writers of results get errors from their own writes. Only help may still be pending when `inctrl help | head` ends.
process.stdout.on("error", () => {});
process.exitCode = await run(process.argv.slice(2));
