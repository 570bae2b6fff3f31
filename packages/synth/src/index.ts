export {
  type CaptionedImage,
  type CaptionedOptions,
  captionsOf,
  drawCaptioned,
} from "./captioned.js";
export type { DefectKind } from "./defects.js";
export { procedural } from "./format.js";
export {
  drawProduct,
  type ProceduralClass,
  type Product,
  type ProductOptions,
  proceduralClasses,
} from "./product.js";
export { type ProceduralSetOptions, writeProceduralSet } from "./write-set.js";
