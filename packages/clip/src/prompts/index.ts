export { type PromptTexts, promptTexts } from "./prompts.js";
