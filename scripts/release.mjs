// Packs every package, installs the tarballs into an empty project, and runs the documents' blocks there against them.
//
//   npm run release -- --dry-run     all of that
//   npm run release -- --publish     the same, then publishes what was tried; needs an npm account
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { extract, runBlocks } from "./docs/blocks.mjs";
import { WITH_BLOCKS } from "./docs/pages.mjs";
import { problemsOfPackage, publishOrder } from "./release/manifests.mjs";
import { publishedNames, ROOT, readJson } from "./workspace.mjs";

const root = readJson("package.json");
const info = (text) => process.stderr.write(`release: ${text}\n`);

const node = (cwd, ...args) =>
  execFileSync(process.execPath, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
const npm = (cwd, ...args) =>
  execFileSync("npm", args, {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    shell: process.platform === "win32",
  });

/** @returns the tarball of each package, by name, in the order of publishing. */
function pack(project) {
  const pnpm = path.join(ROOT, ".tools/node_modules/pnpm/bin/pnpm.cjs");
  const packages = publishOrder(publishedNames.map((name) => path.join(ROOT, "packages", name)));
  return new Map(
    packages.map(({ folder, name, version }) => {
      node(folder, pnpm, "pack", "--pack-destination", project);
      const tarball = `${name.replace("@", "").replace("/", "-")}-${version}.tgz`;
      if (!existsSync(path.join(project, tarball))) throw new Error(`${name}: pnpm pack wrote no ${tarball}`);
      return [name, tarball];
    }),
  );
}

/** Installs the tarballs with npm; everything else comes from the registry. */
function install(project, tarballs) {
  const own = Object.fromEntries([...tarballs].map(([name, tarball]) => [name, `file:${tarball}`]));
  const manifest = {
    ...{ name: "tryout", private: true, type: "module" },
    dependencies: { ...own, "@types/node": root.devDependencies["@types/node"] },
    // Packages that depend on each other by version take the tarballs as well.
    overrides: Object.fromEntries(Object.keys(own).map((name) => [name, `$${name}`])),
  };
  writeFileSync(path.join(project, "package.json"), JSON.stringify(manifest));
  npm(project, "install", "--no-audit", "--no-fund", "--loglevel=error");
}

/** Type-checks the blocks against the installed packages, and compiles them. */
function compile(project, snippets) {
  const { compilerOptions } = readJson("tsconfig.base.json");
  const config = {
    compilerOptions: {
      ...compilerOptions,
      declaration: false,
      noUnusedLocals: false,
      outDir: "out",
      rootDir: ".",
    },
    files: snippets.map(({ target }) => path.relative(project, target)),
  };
  writeFileSync(path.join(project, "tsconfig.json"), JSON.stringify(config));
  try {
    node(project, path.join(ROOT, "node_modules/typescript/bin/tsc"), "-p", ".");
  } catch (error) {
    throw new Error(error.stdout);
  }
  return snippets.map((snippet) => ({
    ...snippet,
    target: path.join(project, "out", path.relative(project, snippet.target).replace(/ts$/, "js")),
  }));
}

async function tryOut(project) {
  info("packing");
  const tarballs = pack(project);
  info(`installing ${tarballs.size} tarballs into an empty project`);
  install(project, tarballs);
  const installed = readdirSync(path.join(project, "node_modules/@inctrl"));
  const problems = installed.flatMap((name) =>
    problemsOfPackage(path.join(project, "node_modules/@inctrl", name), root),
  );
  if (problems.length > 0) throw new Error(problems.join("\n"));
  info("running the documents' blocks against the packages");
  const snippets = WITH_BLOCKS.flatMap((page) => extract(page, project));
  const runnable = compile(project, snippets).filter(({ runs }) => runs);
  const failures = await runBlocks(runnable, []);
  if (failures.length > 0) throw new Error(failures.join("\n"));
  const models = JSON.parse(npm(project, "exec", "--", "inctrl", "models", "--json"));
  if (!models) throw new Error("inctrl models --json prints nothing");
  return { tarballs, ran: runnable.length };
}

const [mode] = process.argv.slice(2);
if (mode !== "--dry-run" && mode !== "--publish") {
  info("usage: npm run release -- --dry-run | --publish");
  process.exit(1);
}
const project = mkdtempSync(path.join(tmpdir(), "inctrl-release-"));
try {
  const { tarballs, ran } = await tryOut(project);
  console.log([...tarballs.values()].join("\n"));
  console.log(`${tarballs.size} packages of version ${root.version} install and work; ${ran} blocks ran`);
  if (mode === "--publish")
    for (const tarball of tarballs.values()) npm(project, "publish", tarball, "--access", "public");
  else console.log("what remains: an npm account that owns the scope @inctrl (npm login), then --publish");
} catch (error) {
  info(error.message);
  process.exitCode = 1;
} finally {
  rmSync(project, { recursive: true, force: true });
}
