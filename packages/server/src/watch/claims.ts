import { randomBytes } from "node:crypto";
import { lstat, mkdir, readdir, rename, rmdir, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { systemCode } from "@inctrl/datasets";
import { linkNew, onDisk, readNames, syncFolder, writeError } from "@inctrl/tensor/files";
import { ServerError } from "../errors.js";
import { exists, isArrived } from "./names.js";

/** A picture that this watch has taken: `FOLDER/ID/NAME`. */
export interface Claim {
  readonly id: string;
  readonly name: string;
  readonly path: string;
}

/** Names that sort by time and are unique, whatever the clock does. */
const newId = (): string => `${Date.now().toString(36).padStart(9, "0")}-${randomBytes(4).toString("hex")}`;

/** Takes what lies in a folder by renaming it, and puts it where it belongs. At every moment a picture has exactly one of its places. */
export class Claims {
  readonly #from: string;
  readonly #folder: string;

  private constructor(from: string, folder: string) {
    this.#from = from;
    this.#folder = folder;
  }

  /** @throws ServerError `folder` where the two lie in different file systems, so that nothing can be renamed from one to the other. */
  static async open(from: string, folder: string): Promise<Claims> {
    await mkdir(onDisk(folder), { recursive: true }).catch((error) => {
      throw writeError(folder, error);
    });
    const [a, b] = await Promise.all([stat(onDisk(from)), stat(onDisk(folder))]);
    if (a.dev !== b.dev) {
      throw new ServerError(
        "folder",
        `${from} and ${folder} lie in different file systems, between which nothing can be renamed; choose a folder beside the first`,
      );
    }
    return new Claims(from, folder);
  }

  /** Takes pictures that have arrived, the first by name, up to a number. */
  async take(most: number): Promise<Claim[]> {
    if (most <= 0) return [];
    const names = (await readNames(this.#from)).filter(isArrived).sort();
    const taken: Claim[] = [];
    for (const name of names) {
      if (taken.length >= most) break;
      const claim = await this.#claim(name);
      if (claim) taken.push(claim);
    }
    return taken;
  }

  async #claim(name: string): Promise<Claim | null> {
    const source = join(this.#from, name);
    const info = await lstat(onDisk(source)).catch(() => null);
    // Folders, links and devices are not pictures that a camera has written.
    if (!info?.isFile()) return null;
    const id = newId();
    const folder = join(this.#folder, id);
    const path = join(folder, name);
    try {
      await mkdir(folder);
      await rename(onDisk(source), onDisk(path));
    } catch (error) {
      await rmdir(folder).catch(() => {});
      if (systemCode(error) === "ENOENT" && !(await exists(source))) return null;
      throw writeError(source, error);
    }
    return { id, name, path };
  }

  /** What earlier runs took and did not finish. */
  async left(): Promise<Claim[]> {
    const claims: Claim[] = [];
    for (const id of (await readdir(this.#folder)).sort()) {
      const folder = join(this.#folder, id);
      const [name] = await readNames(folder).catch(() => []);
      if (name === undefined) await rmdir(folder).catch(() => {});
      else claims.push({ id, name, path: join(folder, name) });
    }
    return claims;
  }

  /** Gives a picture its place. Nothing that is there is replaced. @throws TensorFileError `write`, also where the place is taken. */
  async place({ path, id }: Claim, to: string): Promise<void> {
    try {
      // A rename would replace what is there.
      const linked = await linkNew(path, to);
      if (linked === false || (linked === null && (await exists(to))))
        throw Object.assign(new Error("it is there"), { code: "EEXIST" });
      if (linked) await unlink(onDisk(path));
      else await rename(onDisk(path), onDisk(to));
    } catch (error) {
      throw writeError(to, error);
    }
    await rmdir(join(this.#folder, id)).catch(() => {});
  }

  /** Ends a placing that a kill may have stopped half-way. @returns false where another file has the place. */
  async finish(claim: Claim, to: string): Promise<boolean> {
    const [own, there] = await Promise.all(
      [claim.path, to].map((path) => lstat(onDisk(path), { bigint: true }).catch(() => null)),
    );
    if (there && own && (there.ino !== own.ino || there.dev !== own.dev)) return false;
    if (!there) await this.place(claim, to);
    else {
      await unlink(onDisk(claim.path));
      await rmdir(join(this.#folder, claim.id)).catch(() => {});
    }
    return true;
  }

  /** Forgets a picture that somebody took away. */
  async drop({ id }: Claim): Promise<void> {
    await rmdir(join(this.#folder, id)).catch(() => {});
  }

  sync(): Promise<void> {
    return syncFolder(this.#folder);
  }
}
