export { maxError, throwsCode } from "./asserts.js";
export { FEW_SHOT, folderTests, isHead, PATCH14, pooled, shared, THREE_SHOT } from "./files.js";
export { randomImage, randomPixels, randomView, turnedPng, writeImage } from "./images.js";
export { loads, product } from "./products.js";
export { generator, random } from "./random.js";
export { category, dataSet, timeless } from "./synthetic-set.js";
