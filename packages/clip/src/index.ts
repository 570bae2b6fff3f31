export * from "./checkpoint/index.js";
export * from "./config/index.js";
export { ClipError, type ClipErrorCode } from "./errors.js";
export * from "./hub/index.js";
export * from "./model/index.js";
export * from "./preprocess/index.js";
export * from "./tokenizer/index.js";
