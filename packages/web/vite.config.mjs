import { fileURLToPath } from "node:url";
import { defaultClientConditions, defineConfig } from "vite";

// Packages are taken from their sources, and what they need of Node from their twins for browsers.
const at = (path) => fileURLToPath(new URL(path, import.meta.url));
// The decoder of JPEGs asks for "fs" and "path" only where it finds itself in Node.
const node = { external: [/^node:/, "webgpu", "fs", "path"] };

export default defineConfig({
  root: at("app"),
  base: "./",
  logLevel: "warn",
  resolve: { conditions: ["@inctrl/source", ...defaultClientConditions] },
  esbuild: { jsx: "automatic", jsxImportSource: "preact" },
  worker: { format: "es", rollupOptions: node },
  build: {
    outDir: at("page"),
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: node,
  },
});
