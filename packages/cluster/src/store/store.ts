/** Where a run's objects lie: a folder that all machines see, or a bucket. Names are relative, with slashes. */
export interface Store {
  /** What errors and people call it. */
  readonly where: string;
  /** A whole object; null where there is none. @throws ClusterError `store` for one of more than `most` bytes. */
  read(name: string, most: number): Promise<Uint8Array | null>;
  /** Some bytes of an object; fewer where it ends before. */
  slice(name: string, offset: number, bytes: number): Promise<Uint8Array>;
  /** Makes an object, whole or not at all, unless there is one of the name. @returns whether this call made it. */
  create(name: string, content: Uint8Array): Promise<boolean>;
  /** Names of the objects right below a folder, in order, without the folder; none where there is no folder. */
  list(folder: string): AsyncIterable<string>;
  /** Opens an object for writing in pieces; it gets its name, and replaces an older one, once it is whole. */
  open(name: string): Promise<ObjectWriter>;
  /** Frees connections. */
  close(): void;
}

/** An object on its way. */
export interface ObjectWriter {
  write(piece: string | Uint8Array): Promise<void>;
  finish(): Promise<void>;
  discard(): Promise<void>;
}
