import { createHash, timingSafeEqual } from "node:crypto";
import { readFile } from "node:fs/promises";
import { ServerError } from "../errors.js";

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

const MIN_LENGTH = 16;

/** Tokens of a file, one a line. Only their hashes are held. */
export class Tokens {
  readonly #path: string;
  #digests: readonly Buffer[] = [];

  private constructor(path: string) {
    this.#path = path;
  }

  /** @throws ServerError `token-file`. */
  static async read(path: string): Promise<Tokens> {
    const tokens = new Tokens(path);
    await tokens.reload();
    return tokens;
  }

  /**
   * Reads the file again. Tokens before stay where it cannot be used.
   *
   * @throws ServerError `token-file`.
   */
  async reload(): Promise<void> {
    const text = await readFile(this.#path, "utf8").catch((error: NodeJS.ErrnoException) => {
      throw new ServerError("token-file", `${this.#path}: cannot be read (${error.code}); check the path`);
    });
    const tokens = text
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "" && !line.startsWith("#"));
    const wrong = tokens.findIndex((token) => token.length < MIN_LENGTH || !/^[\w.~+/=-]+$/.test(token));
    if (tokens.length === 0 || wrong >= 0) {
      const what =
        tokens.length === 0 ? "holds no token" : `token ${wrong + 1} is too short or has odd characters`;
      throw new ServerError(
        "token-file",
        `${this.#path}: ${what}; write one a line, of ${MIN_LENGTH} or more letters and digits`,
      );
    }
    this.#digests = tokens.map(digest);
  }

  /** Whether a token is one of the file's. Takes the same time for any other. */
  has(token: string): boolean {
    const given = digest(token);
    return this.#digests.reduce((found, each) => timingSafeEqual(each, given) || found, false);
  }
}
