export { BaselineError, type BaselineErrorCode } from "./errors.js";
