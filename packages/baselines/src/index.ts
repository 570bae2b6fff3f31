export { BaselineError, type BaselineErrorCode } from "./errors.js";
export { runBaselineParity } from "./parity/parity.js";
