/** A convolution: the shapes of its operands, and its options. */
export interface Case {
  x: [b: number, channels: number, h: number, w: number];
  weight: [out: number, depth: number, kh: number, kw: number];
  stride?: [number, number];
  padding?: [number, number];
  dilation?: [number, number];
  groups?: number;
  channelsLast?: boolean;
}

/** Convolution by its definition, in float64. */
export function reference(
  c: Case,
  x: ArrayLike<number>,
  weight: ArrayLike<number>,
  bias?: ArrayLike<number>,
): { shape: number[]; values: number[] } {
  const { stride = [1, 1], padding = [0, 0], dilation = [1, 1], groups = 1 } = c;
  const [b, channels, h, w] = c.x;
  const [out, depth, kh, kw] = c.weight;
  const oh = Math.floor((h + 2 * padding[0] - dilation[0] * (kh - 1) - 1) / stride[0]) + 1;
  const ow = Math.floor((w + 2 * padding[1] - dilation[1] * (kw - 1) - 1) / stride[1]) + 1;
  const values = new Array<number>(b * out * oh * ow);
  for (let n = 0; n < b; n++)
    for (let o = 0; o < out; o++)
      for (let i = 0; i < oh; i++)
        for (let j = 0; j < ow; j++) {
          let total = bias?.[o] ?? 0;
          for (let d = 0; d < depth; d++)
            for (let ky = 0; ky < kh; ky++)
              for (let kx = 0; kx < kw; kx++) {
                const y = i * stride[0] + ky * dilation[0] - padding[0];
                const z = j * stride[1] + kx * dilation[1] - padding[1];
                if (y < 0 || y >= h || z < 0 || z >= w) continue;
                const channel = Math.floor(o / (out / groups)) * depth + d;
                total +=
                  x[((n * channels + channel) * h + y) * w + z] *
                  weight[((o * depth + d) * kh + ky) * kw + kx];
              }
          const at = c.channelsLast ? ((n * oh + i) * ow + j) * out + o : ((n * out + o) * oh + i) * ow + j;
          values[at] = total;
        }
  return { shape: c.channelsLast ? [b, oh, ow, out] : [b, out, oh, ow], values };
}
