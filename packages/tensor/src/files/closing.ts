/** What is open until it is closed: by `close`, or at the end of a block that names it with `await using`. */
export interface Closable extends AsyncDisposable {
  close(): Promise<void>;
}

/** Both ways to close what `close` closes. */
export const closing = (close: () => Promise<void>): Closable => ({ close, [Symbol.asyncDispose]: close });

/** What `make` makes of an open file, which is closed where that fails. */
export async function orClosed<T>(file: Pick<Closable, "close">, make: () => T | Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    await file.close();
    throw error;
  }
}
