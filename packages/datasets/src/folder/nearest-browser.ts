// What bundles for browsers take in place of `nearest.ts`, as package.json says: files in memory have no folder.

/** The name beside a file that is probably meant: none. */
export const nearestFile = async (_path: string): Promise<string | undefined> => undefined;
