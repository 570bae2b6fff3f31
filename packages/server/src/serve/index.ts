export type { Engine, OpenBank, OpenEngine } from "./engine.js";
export { notifySystemd } from "./notify.js";
export { type Page, readPage } from "./page.js";
export { type GoodPicture, learnable, REVIEWS_FILE, Reviews, reviewsOf } from "./reviews.js";
export { isLoopback, type Served, type ServeOptions, serve } from "./start.js";
