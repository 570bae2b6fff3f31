import { writeError } from "@inctrl/tensor/files";
import { describe, EXIT } from "./errors.js";
import { isBrokenPipe, isOfWriter } from "./output/sink.js";
import { run } from "./program.js";
import { warn } from "./ui/log.js";

// A full disk under a log, or a reader that has gone, stops no work.
process.stderr.on("error", () => {});
// Writers of results get errors from their own writes, and the run fails. Help that is lost is said here.
process.stdout.on("error", (error) => {
  if (process.exitCode || isOfWriter(error)) return;
  process.exitCode = isBrokenPipe(error) ? EXIT.pipe : EXIT.failed;
  if (!isBrokenPipe(error)) warn(describe(writeError("standard output", error)));
});
const code = await run(process.argv.slice(2));
process.exitCode ||= code;
