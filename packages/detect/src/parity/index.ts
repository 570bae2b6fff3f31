export { compareFile, type Made, type Tolerance, type Tolerances } from "./compare-file.js";
export { factsIn, readFacts } from "./facts.js";
export * from "./report.js";
