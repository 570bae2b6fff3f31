import {
  concat,
  type Device,
  matmul,
  scope,
  slice,
  square,
  sub,
  sum,
  type Tensor,
  tensor,
  zeros,
} from "@inctrl/tensor";
import type { Moments } from "./moments.js";
import { principalSubspace } from "./principal.js";

/** A principal subspace on the device. */
export interface PatchSubspace {
  /** [width]. */
  readonly mean: Tensor;
  /** Unit directions outside the subspace, [width, directions]. */
  readonly rest: Tensor;
}

/** The principal subspace that holds `share` of the variance of patches, on the device. */
export function subspaceOf(device: Device, moments: Moments, share: number): PatchSubspace {
  const { mean, rest } = principalSubspace(moments, share);
  const width = mean.length;
  return {
    mean: tensor(device, Float32Array.from(mean), [width]),
    rest: tensor(device, rest, [width, rest.length / width]),
  };
}

/** Squared distances of patches to a subspace, [..., patches, width] to [..., patches]. */
export const subspaceDistances = (patches: Tensor, { mean, rest }: PatchSubspace): Tensor =>
  scope(() => sum(square(matmul(sub(patches, mean), rest)), -1));

/** The tensors of a subspace in a file, whose shapes depend on the width alone. */
export const subspaceShapes = (width: number) => ({
  mean: [width],
  directions: [width, width],
  components: [1],
});

type Stored = Readonly<Record<keyof ReturnType<typeof subspaceShapes>, Tensor>>;

/** A subspace as it is stored: zeros stand for the directions inside it, which no distance needs. */
export function storedSubspace({ mean, rest }: PatchSubspace): Stored {
  const [width, directions] = rest.shape;
  const components = width - directions;
  return scope(() => ({
    mean: mean.view(mean.shape),
    directions: concat([zeros(rest.device, [width, components]), rest], 1),
    components: tensor(rest.device, [components]),
  }));
}

/** The reverse of `storedSubspace`; the stored tensors stay the caller's. */
export async function loadedSubspace({ mean, directions, components }: Stored): Promise<PatchSubspace> {
  const [inside] = await components.data();
  const [width] = mean.shape;
  return scope(() => ({
    mean: mean.view(mean.shape),
    rest: slice(directions, [null, [inside, width]]),
  }));
}
