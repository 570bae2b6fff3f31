import { fileURLToPath } from "node:url";
import { defaultClientConditions, defineConfig } from "vite";

// Packages are taken from their sources, and what they need of Node from their twins for browsers.
const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const node = { external: [/^node:/, "webgpu"] };
// The decoder of JPEGs asks for these only where it finds itself in Node.
const unused = { fs: at("app/engine/nothing.ts"), path: at("app/engine/nothing.ts") };

export default defineConfig({
  root: at("app"),
  base: "./",
  logLevel: "warn",
  resolve: { alias: unused, conditions: ["@inctrl/source", ...defaultClientConditions] },
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
