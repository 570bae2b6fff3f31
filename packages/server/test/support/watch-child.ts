// A watch in a process of its own, to be killed: `watch-child.ts IN OUT`. It ends when nothing is left.
import { watchFolder } from "../../src/index.js";
import { brightness } from "./scorer.js";

const [from, out] = process.argv.slice(2);
await watchFolder({
  ...{ from, out, scorer: brightness({ delay: 2 }), once: true, patienceMs: 0 },
  signal: new AbortController().signal,
  onCounts: () => process.stdout.write("."),
});
