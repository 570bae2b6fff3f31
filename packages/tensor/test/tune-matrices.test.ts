import { test } from "uvu";
import * as assert from "uvu/assert";
import { f16ToF32, f32ToF16 } from "../src/files/half.js";
import { type Device, matmul, packMatrix, scope, tensor, tuneMatrices, usesMatrices } from "../src/index.js";
import { matrixTile } from "../src/kernels/matrix.js";
import { planGemm } from "../src/kernels/plan.js";
import { tileHeight } from "../src/kernels/tile.js";
import { MATRIX_KEY } from "../src/kernels/tuning.js";
import { rawDevice } from "./device/raw-device.js";
import { emulated, LANES } from "./emulated-matrices.js";
import { close, random } from "./support.js";

/** Runs with a device whose matrices are loops, `change` being made to their text; skipped where shaders have no float16. */
async function withMatrices(
  unit: { m: number; n: number; k: number },
  run: (device: Device) => Promise<void>,
  change = (code: string) => code,
): Promise<void> {
  const caps = { family: "workgroup", matrix: { ...unit, lanes: LANES, named: false } } as const;
  const { device, gpu, errors } = await rawDevice(caps, 2 ** 24);
  const make = gpu.createShaderModule.bind(gpu);
  gpu.createShaderModule = ({ code, ...rest }) =>
    make({ ...rest, code: code.includes("subgroup_matrix") ? change(emulated(code)) : code });
  try {
    if (device.caps.shaderF16) await run(device);
    else console.log("skipped: shaders have no float16 here");
    assert.equal(errors, []);
    assert.is(device.memory().tensors, 0);
  } finally {
    device.close();
  }
}

/** One matrix a subgroup, which compiles fastest. */
const WHOLE = { m: 16, n: 32, k: 32 };
/** A small product in place of those of a tower. */
const SMALL = { shapes: [[70, 64, 75]], runs: 1 } as const;

const halves = (values: Float32Array) => f16ToF32(f32ToF16(values));

test("products by matrices equal float64 on operands in float16, with all that follows a product, and have the same bits in both heights of tiles", async () => {
  const [m, k, n] = [33, 36, 66];
  await withMatrices({ m: 16, n: 16, k: 16 }, async (device) => {
    const matrix = matrixTile(device.caps.matrix!);
    device.tuning.set(MATRIX_KEY, matrix);
    const results: Float32Array[] = [];
    for (const batch of [100, 1]) {
      const tile = planGemm(m, k, n, device.caps, device.tuning, batch, { halves: true });
      assert.is(tileHeight(tile), batch === 1 ? 32 : 64);
      const [a, b, bias, residual] = [batch * m * k, batch * k * n, n, batch * m * n].map((count, seed) =>
        random(seed + 1, count),
      );
      const made = scope(() =>
        matmul(
          tensor(device, a, [batch, m, k]),
          packMatrix(tensor(device, b, [batch, k, n]), { dtype: "float16" }),
          {
            ...{ scale: 0.5, bias: tensor(device, bias), activation: "relu" },
            residual: tensor(device, residual, [batch, m, n]),
          },
        ),
      );
      const [left, right] = [halves(a), halves(b)];
      const want = Float64Array.from({ length: batch * m * n }, (_, at) => {
        const [row, column] = [Math.floor(at / n), at % n];
        let total = 0;
        for (let x = 0; x < k; x++)
          total += left[row * k + x] * right[(Math.floor(row / m) * k + x) * n + column];
        return Math.max(0, 0.5 * total + bias[column]) + residual[at];
      });
      const got = (await made.data()) as Float32Array;
      close(got, want, 1e-6 * Math.sqrt(k), `batch ${batch}`);
      results.push(got);
      made.dispose();
    }
    assert.equal(results[0].slice(0, m * n), results[1]);
  });
});

/** Options by which a product by tiles seems to take so many milliseconds, and one by matrices. */
function clocked(device: Device, plain: number, matrix: number) {
  let ms = 0;
  const clock = () => {
    ms += usesMatrices(device) ? matrix : plain;
    return ms;
  };
  return { ...SMALL, clock };
}

test("matrices that are right are used where they are faster, and the decision is kept, but tested again", async () => {
  await withMatrices(WHOLE, async (device) => {
    assert.is((await tuneMatrices(device, { measure: false }))?.used, false);
    assert.is(device.tuning.size, 0);
    const faster = await tuneMatrices(device, clocked(device, 20, 10));
    if (!faster) throw new Error("the device has matrices");
    assert.equal(faster.products, [{ shape: SMALL.shapes[0], plainMs: 20, matrixMs: 10 }]);
    assert.ok(faster.used && faster.error > 0 && faster.error <= 1 && usesMatrices(device));
    const again = await tuneMatrices(device, SMALL);
    assert.equal([again?.used, again?.error, again?.products], [true, faster.error, []]);
    device.tuning.clear();
    const slower = await tuneMatrices(device, clocked(device, 20, 20));
    assert.equal([slower?.used, slower?.error, usesMatrices(device)], [false, faster.error, false]);
    assert.is(device.tuning.get(MATRIX_KEY)?.kind, "workgroup");
    assert.equal(await tuneMatrices(device, SMALL), { used: false, error: 0, products: [] });
  });
});

test("matrices that sum with 11 bits, as float16 has, are refused, decided or not", async () => {
  await withMatrices(
    WHOLE,
    async (device) => {
      device.tuning.set(MATRIX_KEY, matrixTile(device.caps.matrix!));
      const { used, error = 0 } = (await tuneMatrices(device, SMALL)) ?? {};
      assert.equal([used, error > 1], [false, true], `${error}`);
      assert.is(device.tuning.get(MATRIX_KEY)?.kind, "workgroup");
    },
    (code) => code.replace(/= (fma\(.*\));/, "= bitcast<f32>(bitcast<u32>($1) & 0xffffe000u);"),
  );
});

test.run();
