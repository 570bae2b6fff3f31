import { ClusterError } from "../errors.js";

/** A place in a bucket. */
export interface ObjectPlace {
  readonly bucket: string;
  readonly key: string;
}

/** `s3://bucket/some/key` taken apart. @throws ClusterError `store` for other text. */
export function parseS3(url: string): ObjectPlace {
  const [, bucket, key = ""] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,62})(?:\/(.*))?$/s.exec(url) ?? [];
  if (bucket === undefined)
    throw new ClusterError("store", `${url}: is no address of objects; write s3://BUCKET/PREFIX`);
  return { bucket, key };
}
