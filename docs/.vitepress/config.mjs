// The site, built from .cache/site, where scripts/docs/site.mjs lays the pages out.
import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { NAVIGATION } from "./navigation.mjs";

const API = fileURLToPath(new URL("../../.cache/site/api/", import.meta.url));

/** A page for each package; one with namespaces is a folder. */
const api = readdirSync(API)
  .map((entry) => entry.replace(/\.md$/, ""))
  .filter((name) => name !== "index")
  .map((name) => ({
    text: `@inctrl/${name}`,
    link: `/api/${name}${existsSync(`${API}${name}/index.md`) ? "/" : ""}`,
  }));

export default {
  title: "InCTRL",
  description: "Few-shot, generalist anomaly detection in TypeScript on WebGPU",
  srcDir: "../.cache/site",
  outDir: ".vitepress/dist",
  cacheDir: "../.cache/vitepress",
  base: process.env.DOCS_BASE ?? "/",
  markdown: { theme: { light: "github-light", dark: "github-dark" } },
  themeConfig: {
    search: { provider: "local" },
    outline: [2, 3],
    nav: NAVIGATION.nav,
    sidebar: [...NAVIGATION.sidebar, { text: "API", collapsed: true, items: api }],
  },
};
