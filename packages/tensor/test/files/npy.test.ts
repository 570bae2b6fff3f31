import { test } from "uvu";
import * as assert from "uvu/assert";
import { TensorFileError } from "../../src/files/error.js";
import { parseNpy } from "../../src/files/npy.js";

function npy(dict: string, data: ArrayBufferView, version = 1): Uint8Array {
  const text = new TextEncoder().encode(`${dict}\n`);
  const head = version === 1 ? 10 : 12;
  const out = new Uint8Array(head + text.length + data.byteLength);
  out.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]);
  const view = new DataView(out.buffer);
  if (version === 1) view.setUint16(8, text.length, true);
  else view.setUint32(8, text.length, true);
  out.set(text, head);
  out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), head + text.length);
  return out;
}

const dict = (descr: string, shape: string, fortran = "False") =>
  `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }`;

test("reads numbers and booleans, versions 1 to 3", () => {
  const x = parseNpy(npy(dict("<f4", "(2, 3)"), Float32Array.of(0, 1, 2, 3, 4, 5)));
  assert.is(x.dtype, "F32");
  assert.equal(x.shape, [2, 3]);
  assert.equal(x.data, Float32Array.of(0, 1, 2, 3, 4, 5));
  assert.equal(parseNpy(npy(dict("<i8", "(1,)"), BigInt64Array.of(-2n), 2)).data, BigInt64Array.of(-2n));
  assert.equal(parseNpy(npy(dict("|b1", "()"), Uint8Array.of(1), 3)).shape, []);
  assert.is(parseNpy(npy(dict("<f2", "(0, 3)"), new Uint8Array(0))).dtype, "F16");
});

test("only the given bytes are read, of a buffer that holds others", () => {
  const values = Float32Array.from({ length: 12 }, (_, i) => i);
  for (const fortran of ["False", "True"]) {
    const bytes = npy(dict("<f4", "(3, 4)", fortran), values);
    const whole = parseNpy(bytes).data;
    assert.is(whole.length, 12);
    for (const offset of [0, 1, 4, 7]) {
      const pool = Buffer.alloc(8192, 0xff);
      pool.set(bytes, offset);
      const { data } = parseNpy(pool.subarray(offset, offset + bytes.length));
      assert.equal(data, whole);
      assert.is(data.buffer.byteLength, 48);
    }
  }
});

test("Fortran order comes out row-major", () => {
  const shape = [2, 3, 4];
  const columnMajor = new Float64Array(24);
  for (let i = 0; i < 2; i++)
    for (let j = 0; j < 3; j++)
      for (let k = 0; k < 4; k++) columnMajor[i + 2 * (j + 3 * k)] = 100 * i + 10 * j + k;
  const { data } = parseNpy(npy(dict("<f8", `(${shape.join(", ")})`, "True"), columnMajor));
  assert.equal([...data.slice(0, 6)], [0, 1, 2, 3, 10, 11]);
  assert.is(data[23], 123);
});

test("anything else is refused with a code", () => {
  const data = Float32Array.of(1, 2);
  const good = npy(dict("<f4", "(2,)"), data);
  const cases: [string, Uint8Array][] = [
    ["header", Uint8Array.of(1, 2, 3)],
    ["unsupported", npy(dict("<f4", "(2,)"), data, 4)],
    ["truncated", good.subarray(0, good.length - 1)],
    ["truncated", good.subarray(0, 40)],
    ["truncated", good.subarray(0, 9)],
    ["offsets", npy(dict("<f4", "(1,)"), data)],
    ["dtype", npy(dict("|O", "(2,)"), data)],
    ["dtype", npy(dict("<U1", "(2,)"), data)],
    ["dtype", npy(dict(">f4", "(2,)"), data)],
    ["header", npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}", data)],
    ["header", npy(dict("<f4", "(-2,)"), data)],
    ["shape", npy(dict("<f4", "(2,,1)"), data)],
    ["shape", npy(dict("<f4", "(9007199254740991, 4)"), data)],
    ["header", npy(" ".repeat(65_540), data, 2)],
  ];
  for (const [code, bytes] of cases)
    try {
      parseNpy(bytes, "x.npy");
      assert.unreachable(`should be refused: ${code}`);
    } catch (error) {
      assert.instance(error, TensorFileError);
      assert.is((error as TensorFileError).code, code, (error as Error).message);
    }
});

test.run();
