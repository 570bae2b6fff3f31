import type { ModelConfig } from "@inctrl/clip";
import { type Sha256, sha256 } from "@inctrl/datasets";
import type { nn } from "@inctrl/tensor";

/** Values of a parameter that go into a fingerprint: all of a small one, evenly spaced ones of a large one. */
const HASHED_VALUES = 16384;

/** A hash of what the tensors do not tell and yet changes what the image tower computes. */
export function startFingerprint({ activation, vision: { heads, lnEps } }: ModelConfig): Sha256 {
  return sha256().update(JSON.stringify({ activation, heads, lnEps }));
}

/** What takes bytes to be hashed, such as a `Sha256` or a `Hash` of Node. */
type Hashing = { update(data: Uint8Array | string): unknown };

/** Passes parameters on, hashing their names, shapes and (of large ones a sample of) values. */
export function fingerprinting(hash: Hashing, read: nn.ReadParameter): nn.ReadParameter {
  return async (name, parameter, into) => {
    const values = await read(name, parameter, into);
    hash.update(`${name}[${parameter.shape.join(",")}]`);
    const step = Math.max(1, Math.floor(values.length / HASHED_VALUES));
    const sample = new Float32Array(Math.ceil(values.length / step));
    for (let i = 0; i < sample.length; i++) sample[i] = values[i * step];
    hash.update(new Uint8Array(sample.buffer, sample.byteOffset, sample.byteLength));
    return values;
  };
}
