// What bundles for browsers take in place of `paths.ts`, as package.json says: names of files in memory.

export const dirname = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));
export const basename = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
export const join = (...parts: readonly string[]): string => parts.filter((part) => part !== "").join("/");
