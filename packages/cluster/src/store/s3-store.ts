import { ClusterError } from "../errors.js";
import { parseS3 } from "./s3-address.js";
import type { Objects } from "./s3-client.js";
import type { Store } from "./store.js";

/**
 * Objects of a bucket below a prefix. `create` puts with `If-None-Match: *`, which the store itself decides.
 *
 * @param url `s3://BUCKET/PREFIX`.
 */
export function s3Store(objects: Objects, url: string): Store {
  const { bucket, key: prefix } = parseS3(url);
  const place = (name: string) => ({ bucket, key: prefix === "" ? name : `${prefix}/${name}` });
  return {
    where: url,
    read: (name, most) => objects.get(place(name), most),
    async slice(name, offset, bytes) {
      const found = await objects.get(place(name), bytes, offset);
      if (found === null) throw new ClusterError("store", `${url}/${name}: is missing; check the run`);
      return found;
    },
    create: (name, content) => objects.create(place(name), content),
    async *list(folder) {
      const below = place(`${folder}/`);
      for await (const key of objects.list(below, false)) {
        const name = key.slice(below.key.length);
        if (name !== "") yield name;
      }
    },
    open: (name) => objects.open(place(name)),
    close: () => objects.close(),
  };
}
