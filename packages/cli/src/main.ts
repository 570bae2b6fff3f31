import { run } from "./program.js";

// `inctrl help | head`: a reader that has seen enough is no error. What is still being written then may fail after the run.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});
process.exitCode = await run(process.argv.slice(2));
