/*
 * What a page needs of images: decoding, and what is said of them. Published as `@inctrl/datasets/web`; a bundle of it for browsers
 * holds nothing of Node. A path names a file in memory there (`holdFile` of `@inctrl/tensor/files`).
 */
export { useJpegWasm } from "./decode/coded-browser.js";
export * from "./shared.js";
