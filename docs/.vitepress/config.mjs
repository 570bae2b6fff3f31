// The site, built from .cache/site, where scripts/docs/site.mjs lays the pages out.
import { API_PACKAGES, NAVIGATION } from "./navigation.mjs";

export default {
  title: "InCTRL",
  description: "Few-shot, generalist anomaly detection in TypeScript on WebGPU",
  srcDir: "../.cache/site",
  outDir: ".vitepress/dist",
  cacheDir: "../.cache/vitepress",
  base: process.env.DOCS_BASE ?? "/",
  lastUpdated: false,
  markdown: { theme: { light: "github-light", dark: "github-dark" } },
  // Pages of the API hold thousands of symbols; the search index and the outline would drown in them.
  themeConfig: {
    search: { provider: "local", options: { detailedView: true } },
    outline: [2, 3],
    nav: NAVIGATION.nav,
    sidebar: [
      ...NAVIGATION.sidebar,
      {
        text: "API",
        collapsed: true,
        items: API_PACKAGES.map((name) => ({ text: `@inctrl/${name}`, link: `/api/${name}` })),
      },
    ],
  },
};
