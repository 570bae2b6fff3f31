// Runs blocks of the documentation one after the other in this process, and ends when the last one does, so that a block that
// leaves a device open is noticed. Each argument is a file. For each a line of JSON is written with the block's output, or its
// error.
import { mkdtempSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const write = process.stdout.write.bind(process.stdout);
const files = process.argv.slice(2);

for (const file of files) {
  let output = "";
  process.stdout.write = (chunk, encoding, done = encoding) => {
    output += chunk;
    if (typeof done === "function") process.nextTick(done);
    return true;
  };
  process.chdir(mkdtempSync(path.join(path.dirname(file), "run-")));
  const error = await import(pathToFileURL(file)).then(
    () => undefined,
    (failure) => failure.stack ?? String(failure),
  );
  const report = () => write(`${JSON.stringify({ output, error })}\n`);
  // Tests begin after the file that holds them is loaded.
  if (file === files.at(-1)) process.once("exit", report);
  else report();
}
