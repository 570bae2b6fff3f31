export { gradientsOf, Module, Parameter } from "./module.js";
