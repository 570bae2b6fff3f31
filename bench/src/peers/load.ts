/** Imports a peer by name, without its types, so that the sources compile where no peer is installed. */
export const load = async <T>(name: string): Promise<T> => (await import(name)) as T;
