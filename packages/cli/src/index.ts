export { EXIT } from "./errors.js";
export { buildProgram, run } from "./program.js";
