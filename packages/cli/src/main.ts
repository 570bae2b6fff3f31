import { run } from "./program.js";

// Whoever writes results hears of errors by the write. Help may still be on its way when `inctrl help | head` has seen enough.
process.stdout.on("error", () => {});
process.exitCode = await run(process.argv.slice(2));
