/*
 * The residual method for a page: no heads, no text. Published as `@inctrl/inctrl/web`; a bundle of it for browsers holds nothing of
 * Node.
 */
export { type ResidualOptions, residual, residualMethod } from "./detectors/residual.js";
