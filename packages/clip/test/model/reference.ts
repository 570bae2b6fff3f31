// Transformers in float64 with plain loops: what the device's float32 is held against.
import { gridSize, type ModelConfig } from "../../src/index.js";

type Values = ReadonlyMap<string, ArrayLike<number>>;
type Row = number[];

/** erf: its power series near zero, Lentz's continued fraction for 1 - erf beyond. */
function erf(x: number): number {
  const z = Math.abs(x);
  if (z < 3) {
    let [term, sum] = [z, z];
    for (let n = 1; n < 80; n++) {
      term *= (-z * z) / n;
      sum += term / (2 * n + 1);
    }
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
  }
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (z + fraction);
  return Math.sign(x) * (1 - Math.exp(-z * z) / ((z + fraction) * Math.sqrt(Math.PI)));
}

const add = (a: ArrayLike<number>, b: ArrayLike<number>): Row => Array.from(a, (v, i) => v + b[i]);

/** Everything a model computes, on its parameters by canonical name. */
export function reference(config: ModelConfig, values: Values) {
  const get = (name: string) => values.get(name) as ArrayLike<number>;
  const activate = (x: number) =>
    config.activation === "gelu" ? 0.5 * x * (1 + erf(x / Math.SQRT2)) : x / (1 + Math.exp(-1.702 * x));

  /** A row times a matrix stored [out, in]. */
  const linear = (x: Row, weight: string, bias?: string): Row =>
    Array.from({ length: get(weight).length / x.length }, (_, o) =>
      x.reduce((sum, v, i) => sum + v * get(weight)[o * x.length + i], bias === undefined ? 0 : get(bias)[o]),
    );
  /** A row times a matrix stored [in, out]. */
  const project = (x: Row, name: string): Row => {
    const out = get(name).length / x.length;
    return Array.from({ length: out }, (_, o) =>
      x.reduce((sum, v, i) => sum + v * get(name)[i * out + o], 0),
    );
  };
  const norm = (x: Row, name: string, eps: number): Row => {
    const mean = x.reduce((sum, v) => sum + v, 0) / x.length;
    const variance = x.reduce((sum, v) => sum + (v - mean) ** 2, 0) / x.length;
    return x.map(
      (v, i) => ((v - mean) / Math.sqrt(variance + eps)) * get(`${name}.weight`)[i] + get(`${name}.bias`)[i],
    );
  };
  /** A row times the gain of a layer scale, where there is one. */
  const scaled = (row: Row, name: string): Row =>
    values.has(`${name}.gamma`) ? row.map((v, i) => v * get(`${name}.gamma`)[i]) : row;
  const attend = (rows: Row[], name: string, heads: number, causal: boolean): Row[] => {
    const qkv = rows.map((row) => linear(row, `${name}.in_proj_weight`, `${name}.in_proj_bias`));
    const width = rows[0].length;
    const size = width / heads;
    return qkv.map((own, at) => {
      const mixed = new Array<number>(width).fill(0);
      const visible = causal ? qkv.slice(0, at + 1) : qkv;
      for (let head = 0; head < heads; head++) {
        const part = (row: Row, which: number) =>
          row.slice(which * width + head * size, which * width + (head + 1) * size);
        const q = part(own, 0);
        const weights = visible.map((row) =>
          Math.exp(part(row, 1).reduce((sum, v, i) => sum + v * q[i], 0) / Math.sqrt(size)),
        );
        const total = weights.reduce((sum, v) => sum + v, 0);
        visible.forEach((row, j) => {
          part(row, 2).forEach((v, i) => {
            mixed[head * size + i] += (v * weights[j]) / total;
          });
        });
      }
      return linear(mixed, `${name}.out_proj.weight`, `${name}.out_proj.bias`);
    });
  };
  const block = (
    rows: Row[],
    name: string,
    tower: { heads: number; lnEps: number; mlpWidth: number; swiglu?: boolean },
    causal: boolean,
  ): Row[] => {
    const normed = rows.map((row) => norm(row, `${name}.ln_1`, tower.lnEps));
    const attended = attend(normed, `${name}.attn`, tower.heads, causal).map((row, i) =>
      add(scaled(row, `${name}.ls_1`), rows[i]),
    );
    return attended.map((row) => {
      const inner = norm(row, `${name}.ln_2`, tower.lnEps);
      const fc = linear(inner, `${name}.mlp.c_fc.weight`, `${name}.mlp.c_fc.bias`);
      const [gate, value] = [fc.slice(0, tower.mlpWidth), fc.slice(tower.mlpWidth)];
      const hidden = tower.swiglu
        ? gate.map((v, i) => (v / (1 + Math.exp(-v))) * value[i])
        : fc.map(activate);
      const added = linear(hidden, `${name}.mlp.c_proj.weight`, `${name}.mlp.c_proj.bias`);
      return add(row, scaled(added, `${name}.ls_2`));
    });
  };

  return {
    /** The class feature of one image, planes (3, size, size), and every block's rows; of some of its patches alone if they are given. */
    image(pixels: ArrayLike<number>, patches?: readonly number[]): { feature: Row; blocks: number[][] } {
      const { vision } = config;
      const { imageSize: size, patch } = vision;
      const grid = gridSize(vision);
      const classes = ["class_embedding", ...(vision.distilled ? ["distillation_embedding"] : [])];
      const rows = classes.map((name): Row => Array.from(get(`visual.${name}`)));
      for (let p = 0; p < grid * grid; p++) {
        const [top, left] = [Math.floor(p / grid) * patch, (p % grid) * patch];
        const values = Array.from({ length: 3 * patch * patch }, (_, i) => {
          const [plane, y, x] = [Math.floor(i / patch ** 2), Math.floor(i / patch) % patch, i % patch];
          return pixels[(plane * size + top + y) * size + left + x];
        });
        rows.push(linear(values, "visual.conv1.weight", vision.patchBias ? "visual.conv1.bias" : undefined));
      }
      const positions = Array.from(get("visual.positional_embedding"));
      let x = rows.map((row, i) => add(row, positions.slice(i * vision.width, (i + 1) * vision.width)));
      const registers = Array.from({ length: vision.registers ?? 0 }, (_, i) =>
        Array.from(get("visual.register_tokens")).slice(i * vision.width, (i + 1) * vision.width),
      );
      if (patches) x = [...x.slice(0, classes.length), ...patches.map((patch) => x[classes.length + patch])];
      x.splice(classes.length, 0, ...registers);
      if (vision.lnPre) x = x.map((row) => norm(row, "visual.ln_pre", vision.lnEps));
      const blocks: number[][] = [];
      for (let i = 0; i < vision.layers; i++) {
        x = block(x, `visual.transformer.resblocks.${i}`, vision, false);
        blocks.push(x.flat());
      }
      const normed = classes.map((_, i) => norm(x[i], "visual.ln_post", vision.lnEps));
      const cls = normed[0].map((_, i) => normed.reduce((sum, row) => sum + row[i], 0) / normed.length);
      return { feature: vision.proj ? project(cls, "visual.proj") : cls, blocks };
    },

    /** The feature of one text, at the place of its largest id. */
    text(ids: readonly number[]): Row {
      const tower = config.text;
      if (!tower) throw new Error("no text tower");
      const table = Array.from(get("token_embedding.weight"));
      const positions = Array.from(get("positional_embedding"));
      const at = (from: number[], row: number) => from.slice(row * tower.width, (row + 1) * tower.width);
      let x = ids.map((id, i) => add(at(table, id), at(positions, i)));
      for (let i = 0; i < tower.layers; i++) x = block(x, `transformer.resblocks.${i}`, tower, true);
      const end = x[ids.indexOf(Math.max(...ids))];
      return project(norm(end, "ln_final", tower.lnEps), "text_projection");
    },
  };
}
