import { type BatchSpec, Easel } from "./draw.js";

// One batch for each message, in order; ends with the process that forked it.
const easel = new Easel();
process.on("message", (spec: BatchSpec) => process.send?.(easel.draw(spec)));
process.on("disconnect", () => process.exit());
// Ctrl-C reaches the whole group: whoever forked this decides when it ends.
process.on("SIGINT", () => {});
