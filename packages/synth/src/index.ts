export {
  type CaptionedImage,
  type CaptionedOptions,
  captionsOf,
  classNamesOf,
  drawCaptioned,
} from "./captioned.js";
export type { DefectKind } from "./defects.js";
export {
  drawProduct,
  type ProceduralClass,
  type Product,
  type ProductOptions,
  proceduralClasses,
} from "./products/product.js";
export { procedural } from "./set/format.js";
export { type ProceduralSetOptions, writeProceduralSet } from "./set/write-set.js";
