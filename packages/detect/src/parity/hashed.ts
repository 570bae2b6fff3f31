import { hash32 } from "@inctrl/clip";
import { crc32 } from "@inctrl/datasets";
import type { nn } from "@inctrl/tensor";

/**
 * Weights and images from an integer hash, so that a full-size fixture needs no file (golden/full-size-forward.json, "u"):
 * u(name, i) in [-1, 1) for i below `count`, each mapped by `map`; rounded to float32 once.
 */
function hashed(name: string, count: number, map: (u: number) => number): Float32Array {
  const bytes = new TextEncoder().encode(name);
  const seed = crc32(bytes, 0, bytes.length);
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++)
    values[i] = map((hash32(Math.imul(i, 2654435761) + seed) / 2 ** 32) * 2 - 1);
  return values;
}

/**
 * Parameters of a fixture by their names, which `salt` goes before.
 *
 * @example await nn.fill(device, resnet.namedParameters(), hashedParameters("a"));
 */
export const hashedParameters =
  (salt = ""): nn.ReadParameter =>
  (name, { role, size, fanIn }) => {
    if (role === "scale") return Float32Array.of(Math.log(100));
    const spread = Math.sqrt(3 / fanIn);
    const maps: Record<string, (u: number) => number> = {
      gain: (u) => 1 + 0.1 * u,
      variance: (u) => 1 + 0.5 * Math.abs(u),
      bias: (u) => 0.1 * u,
      mean: (u) => 0.1 * u,
      count: () => 0,
      embedding: (u) => 0.5 * u,
      weight: (u) => u * spread,
    };
    return hashed(salt + name, size, maps[role as string]);
  };

/** An image of the fixture, normalised pixels (3, side, side). `name` has the salt in it. */
export const hashedImage = (name: string, side: number): Float32Array =>
  hashed(name, 3 * side * side, (u) => 2 * u);
