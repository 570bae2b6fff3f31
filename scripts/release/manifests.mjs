// What every published package promises in its package.json and its files.
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

const readManifest = (folder) => JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));

/** Every path that a manifest points to: of its exports, of its commands, and of what browsers take instead. */
function targetsOf({ exports = {}, bin = {}, browser = {} }) {
  const leaves = (value) => (typeof value === "string" ? [value] : Object.values(value).flatMap(leaves));
  return [...leaves(exports), ...leaves(bin), ...leaves(browser)];
}

/**
 * What is wrong with a package as it is installed from its tarball.
 *
 * @param {string} folder of the installed package
 * @param {{version: string, license: string, engines: {node: string}}} root the workspace's manifest
 * @returns {string[]} one line each
 */
export function problemsOfPackage(folder, root) {
  const manifest = readManifest(folder);
  const { name, version, license, engines, description, exports, dependencies = {} } = manifest;
  const problems = [];
  const expect = (holds, problem) => holds || problems.push(`${name}: ${problem}`);
  expect(version === root.version, `is version ${version}, the workspace is ${root.version}`);
  expect(license === root.license, `has the licence ${license}`);
  expect(
    engines?.node === root.engines.node,
    `asks for Node ${engines?.node}, the workspace for ${root.engines.node}`,
  );
  expect(description?.length > 10, "has no description");
  expect(exports?.["."]?.types && exports["."].default, 'exports no types and no default for "."');
  for (const file of ["README.md", "LICENSE", "dist/index.d.ts", "src/index.ts"])
    expect(existsSync(path.join(folder, file)), `lacks ${file}`);
  for (const file of ["test", "dist/test", "tsconfig.build.json"])
    expect(!existsSync(path.join(folder, file)), `holds ${file}`);
  for (const target of targetsOf(manifest))
    expect(existsSync(path.join(folder, target)), `points to ${target}, which it lacks`);
  for (const [dependency, range] of Object.entries({ ...dependencies, ...manifest.peerDependencies }))
    expect(/^\d+\.\d+\.\d+/.test(range), `depends on ${dependency} ${range}, which is no exact version`);
  return problems;
}

/** The packages to publish, those that others need first. */
export function publishOrder(folders) {
  const manifests = new Map(
    folders.map((folder) => [readManifest(folder).name, { folder, ...readManifest(folder) }]),
  );
  const ordered = [];
  const add = (name) => {
    const manifest = manifests.get(name);
    if (!manifest || manifest.private || ordered.includes(manifest)) return;
    for (const dependency of Object.keys(manifest.dependencies ?? {})) add(dependency);
    ordered.push(manifest);
  };
  for (const name of manifests.keys()) add(name);
  return ordered;
}
