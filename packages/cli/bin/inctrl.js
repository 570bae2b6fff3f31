#!/usr/bin/env node
import { existsSync } from "node:fs";

const built = new URL("../dist/main.js", import.meta.url);
if (existsSync(built)) await import(built.href);
else {
  console.error('inctrl: this checkout is not built yet; run "npm run setup" in its top folder');
  process.exitCode = 1;
}
