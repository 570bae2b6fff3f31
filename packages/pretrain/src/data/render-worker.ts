import { type BatchSpec, Renderer } from "./renderer.js";

// Answers each message with one batch, in order. Ends with the process that forked it.
const renderer = new Renderer();
process.on("message", (spec: BatchSpec) => process.send?.(renderer.render(spec)));
process.on("disconnect", () => process.exit());
// Ctrl-C reaches the whole process group. The parent decides when this process ends.
process.on("SIGINT", () => {});
