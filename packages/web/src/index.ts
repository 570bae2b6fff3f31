import { fileURLToPath } from "node:url";

/**
 * The folder of the built page: `index.html` and all that it loads. `npm run build:web` makes it; it can be served from any path of any
 * server of files.
 *
 * @example await app.register(fastifyStatic, { root: webRoot });
 */
export const webRoot: string = fileURLToPath(new URL("../page/", import.meta.url));

/**
 * What the page may do, for the header `Content-Security-Policy` of a server. The page says the same of itself, but for
 * `frame-ancestors`, which a header alone can say.
 */
export const webPolicy: string = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "media-src 'self' blob:",
  "connect-src 'self' https:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");
