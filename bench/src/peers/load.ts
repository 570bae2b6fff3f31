/** Imports a peer by name. Its types are not asked for: the sources compile where no peer is installed. */
export const load = async <T>(name: string): Promise<T> => (await import(name)) as T;
