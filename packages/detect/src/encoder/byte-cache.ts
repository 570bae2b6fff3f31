import { LRUCache } from "lru-cache";

/**
 * A cache of recently used values, bounded by bytes. A value larger than the limit is held until the next one is set, so
 * that a value just set can always be used.
 *
 * @param dispose frees a value that leaves the cache.
 * @example const rows = byteCache<string, Float32Array>(2 ** 28, ({ byteLength }) => byteLength);
 */
export function byteCache<K extends {}, V extends {}>(
  limit: number,
  bytesOf: (value: V) => number,
  dispose?: (value: V) => void,
): LRUCache<K, V> {
  const maxSize = Math.max(1, Math.floor(limit));
  return new LRUCache({
    maxSize,
    sizeCalculation: (value) => Math.max(1, Math.min(maxSize, Math.ceil(bytesOf(value)))),
    ...(dispose && { dispose }),
  });
}
