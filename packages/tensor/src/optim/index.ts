export { clipGradients } from "./clip.js";
export * from "./optimizer.js";
export * from "./schedule.js";
