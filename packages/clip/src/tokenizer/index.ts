export { learnMerges } from "./learn.js";
export { createTokenizer, openTokenizer, type Tokenizer, type TokenizerOptions } from "./tokenizer.js";
