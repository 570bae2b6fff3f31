import { test } from "uvu";
import * as assert from "uvu/assert";
import { chooseFamily, isSoftware, matrixFeatures, readCaps } from "../../src/device/caps.js";

const info = (fields: Partial<GPUAdapterInfo>): GPUAdapterInfo =>
  ({
    vendor: "",
    architecture: "",
    device: "",
    description: "",
    isFallbackAdapter: false,
    ...fields,
  }) as GPUAdapterInfo;

function adapter(fields: Partial<GPUAdapterInfo>, features: string[] = []): GPUAdapter {
  const limits = {
    maxStorageBufferBindingSize: 1,
    maxBufferSize: 2,
    maxComputeWorkgroupsPerDimension: 3,
    maxComputeInvocationsPerWorkgroup: 4,
    maxComputeWorkgroupStorageSize: 5,
  };
  return { info: info(fields), limits, features: new Set(features) } as unknown as GPUAdapter;
}

test("CPUs in disguise are known by any of their names", () => {
  for (const fields of [
    { description: "llvmpipe: Mesa 25.0.7" },
    { device: "SwiftShader Device (Subzero)" },
    { architecture: "software" },
    { architecture: "warp" },
    { description: "Microsoft Basic Render Driver" },
    { vendor: "nvidia", isFallbackAdapter: true },
  ]) {
    assert.ok(isSoftware(info(fields)), JSON.stringify(fields));
  }
  for (const fields of [{ vendor: "nvidia", architecture: "hopper" }, { vendor: "apple" }, {}]) {
    assert.not.ok(isSoftware(info(fields)), JSON.stringify(fields));
  }
});

test("software takes subgroups where they have one size, GPUs workgroup memory", () => {
  assert.is(chooseFamily(true, 8), "subgroup");
  assert.is(chooseFamily(true, 0), "register");
  assert.is(chooseFamily(false, 32), "workgroup");
});

test("a wish for a family holds, except for subgroups where there are none", () => {
  for (const family of ["subgroup", "register", "workgroup"] as const) {
    assert.is(chooseFamily(true, 8, family), family);
    assert.is(chooseFamily(false, 32, family), family);
  }
  assert.is(chooseFamily(false, 0, "subgroup"), "register");
  assert.is(chooseFamily(true, 0, "workgroup"), "workgroup");
});

test("the subgroup size counts only where it is one, sensible and allowed", () => {
  const size = (low: number, high: number, features = ["subgroups"]) =>
    readCaps(adapter({ subgroupMinSize: low, subgroupMaxSize: high }, features)).subgroupSize;
  assert.is(size(8, 8), 8);
  assert.is(size(4, 4), 4);
  assert.is(size(64, 64), 64);
  assert.is(size(32, 64), 0);
  assert.is(size(8, 8, []), 0);
  assert.is(size(1, 1), 0);
  assert.is(size(128, 128), 0);
  assert.is(readCaps(adapter({}, ["subgroups"])).subgroupSize, 0);
});

test("matrices of halves with float32 sums count where they were asked for, the kernel takes them and the size of subgroups is known", () => {
  const features = ["subgroups", "shader-f16", "chromium-experimental-subgroup-matrix"];
  const config = (M: number, N: number, K: number, resultComponentType = "f32", componentType = "f16") => ({
    ...{ componentType, resultComponentType, M, N, K },
  });
  const configs = [
    config(16, 16, 16, "f16"),
    config(16, 8, 8),
    config(16, 16, 16),
    // Sums that do not fit, sizes that divide no share, and other types.
    config(32, 32, 16),
    config(16, 16, 48),
    config(16, 16, 32, "i32", "i8"),
  ];
  const matrix = ({ own = features, least = 32, most = 32, asked = true, software = "", known = configs }) =>
    readCaps(
      adapter(
        {
          ...{ subgroupMinSize: least, subgroupMaxSize: most, description: software },
          subgroupMatrixConfigs: known,
        } as Partial<GPUAdapterInfo>,
        own,
      ),
      undefined,
      asked,
    ).matrix;
  const unit = { m: 16, n: 16, k: 16, lanes: 32, named: false };
  assert.equal(matrix({}), unit);
  assert.is(matrix({ asked: false }), null);
  for (const missing of features) assert.is(matrix({ own: features.filter((one) => one !== missing) }), null);
  assert.is(matrix({ known: configs.filter((_, i) => i !== 1 && i !== 2) }), null);
  assert.is(matrix({ software: "llvmpipe" }), null);
  assert.is(matrix({ least: 64, most: 64 }), null);
  assert.is(matrix({ most: 64 }), null);
  const sized = [...features, "subgroup-size-control"];
  assert.equal(matrix({ most: 64, own: sized }), { ...unit, named: true });
  assert.equal(matrixFeatures({ matrix: unit }), [features[2], features[0], features[1]]);
  assert.ok(matrixFeatures({ matrix: { ...unit, named: true } }).includes("subgroup-size-control"));
  assert.equal(matrixFeatures({ matrix: null }), []);
});

test("the record holds the adapter's limits, features and best name", () => {
  const caps = readCaps(
    adapter({ description: "described", vendor: "v" }, ["timestamp-query", "shader-f16"]),
  );
  assert.is(caps.name, "described");
  assert.equal(caps.features, ["shader-f16", "timestamp-query"]);
  assert.ok(caps.shaderF16 && caps.timestamps);
  assert.equal(
    [
      caps.maxBindingBytes,
      caps.maxBufferBytes,
      caps.maxWorkgroupsPerDimension,
      caps.maxInvocations,
      caps.maxWorkgroupBytes,
    ],
    [1, 2, 3, 4, 5],
  );
  assert.is(readCaps(adapter({})).name, "unnamed adapter");
  assert.is(readCaps(adapter({ device: "d", description: "e" })).name, "d");
});

test.run();
