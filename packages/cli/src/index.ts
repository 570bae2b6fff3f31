export { EXIT } from "./errors.js";
export { run } from "./program.js";
