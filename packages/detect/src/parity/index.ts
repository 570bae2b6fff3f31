export { compareFile, type Made, type Tolerance, type Tolerances } from "./compare-file.js";
export * from "./report.js";
