import { tensor } from "../../src/create.js";
import { einsum } from "../../src/ops/einsum.js";
import { deviceTests, FAMILIES, throwsCode } from "../support.js";
import { floats, given, holds } from "./holds.js";

const test = deviceTests(FAMILIES);

test("agrees with a sum over all labels", async (device) => {
  const cases: [string, ...number[][]][] = [
    ["ij,jk->ik", [2, 3], [3, 4]],
    ["ij,kj->ik", [2, 3], [4, 3]],
    ["ij,jk", [2, 3], [3, 4]],
    ["ij->ji", [2, 3]],
    ["ij->", [2, 3]],
    ["ij->j", [2, 3]],
    ["i,i->", [5], [5]],
    ["i,j->ij", [2], [3]],
    ["i,j->ji", [2], [3]],
    ["ij,ij->ij", [2, 3], [2, 3]],
    ["ii->", [3, 3]],
    ["ii->i", [3, 3]],
    ["iji->j", [2, 3, 2]],
    ["bij,bjk->bik", [2, 2, 3], [2, 3, 2]],
    ["bhqd,bhkd->bhqk", [1, 2, 3, 2], [1, 2, 4, 2]],
    ["...ij,...jk->...ik", [2, 2, 3], [2, 3, 2]],
    ["...i->...", [2, 3]],
    ["ij,jk,kl->il", [2, 3], [3, 2], [2, 2]],
    ["ij,k->i", [2, 3], [2]],
    [",->", [], []],
    ["ij,jk->ik", [2, 0], [0, 3]],
    ["ij,jk->ik", [0, 2], [2, 3]],
  ];
  for (const [equation, ...shapes] of cases) {
    await holds(device, einsum, [equation, ...shapes.map((shape, i) => floats(shape, 11 + i))]);
  }
  await holds(device, einsum, ["ij,jk->ki", floats([33, 65]), floats([65, 31])], { gradient: false });
});

test("NaN reaches what it goes into", async (device) => {
  const x = given([1, Number.NaN, 3, 4], [2, 2]);
  await holds(device, einsum, ["ij,jk->ik", x, floats([2, 2])], { gradient: false });
  await holds(device, einsum, ["ij->i", x], { gradient: false });
});

test("equations that do not fit are named", async (device) => {
  const x = tensor(device, [[1, 2]]);
  const wrong: [() => unknown, string, RegExp][] = [
    [() => einsum("ij,jk->ik", x), "argument", /names 2 tensors and 1 were given/],
    [() => einsum("i1->i", x), "argument", /is no equation/],
    [() => einsum("i->j->k", x), "argument", /is no equation/],
    [() => einsum("ijk->i", x), "argument", /does not name the axes of tensor 0/],
    [() => einsum("ij->ik", x), "argument", /must name labels of the tensors/],
    [() => einsum("ij->ii", x), "argument", /each once/],
    [() => einsum("ii->i", x), "shape", /label i of "ii->i" is 1 and, in tensor 0, 2/],
    [() => einsum(x as unknown as string, x), "argument", /the equation comes first/],
  ];
  for (const [run, code, text] of wrong) await throwsCode(run, code, text);
  x.dispose();
});

test.run();
