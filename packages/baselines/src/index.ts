export { type ClipTextOptions, clipTextDetector } from "./clip-text/clip-text.js";
export { BaselineError, type BaselineErrorCode } from "./errors.js";
export { runBaselineParity } from "./parity/parity.js";
export { type WinclipOptions, winclipDetector, windowInput } from "./winclip/winclip.js";
