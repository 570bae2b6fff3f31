/** Invocations of a subgroup where matrices are emulated. */
export const LANES = 8;

/**
 * A kernel's text with its subgroup matrices written out, so that it runs on adapters that have none. An operand is the place where it lies. Of
 * sums an invocation holds the rows whose number is its place in the subgroup, and every so many-th after.
 */
export function emulated(code: string): string {
  const unit = (pattern: RegExp) => {
    const found = pattern.exec(code);
    if (!found) throw new Error(`the kernel's text has no ${pattern}`);
    return found.slice(1).map(Number);
  };
  const [k, m, pitchA] = unit(/subgroup_matrix_left<f16, (\d+), (\d+)>>\(&tileA, .*, false, (\d+)u\)/);
  const [n, depth, pitchB] = unit(/subgroup_matrix_right<f16, (\d+), (\d+)>>\(&tileB, .*, true, (\d+)u\)/);
  const [columns, rows] = unit(/subgroup_matrix_result<f32, (\d+), (\d+)>/);
  const [pitch] = unit(/subgroupMatrixStore\(&sums, .*, false, (\d+)u\)/);
  if (depth !== k || columns !== n || rows !== m) throw new Error("the sizes of the matrices differ");
  const own = (m / LANES) * n;
  let matrices = 0;
  const text = code
    .replace(/^diagnostic.*\n/m, "")
    .replace(/^enable chromium_experimental.*\n/m, "")
    .replace("@builtin(subgroup_id) subgroup: u32", "@builtin(workgroup_id) group: vec3u")
    .replace("@builtin(workgroup_id) wg: vec3u, ", "")
    .replace(
      "{\n  let batch",
      `{\n  let wg = group;\n  place = lid % ${LANES}u;\n  let subgroup = lid / ${LANES}u;\n  let batch`,
    )
    .replace(/subgroupMatrixLoad<.*?>>\(&tile[AB], (.*), (true|false), \d+u\)/g, "($1)")
    .replace(/subgroupMatrixStore\(&sums, (.*), (\w+), false, \d+u\)/g, "letGo($1, $2)")
    .replaceAll("subgroupMatrixMultiplyAccumulate", "multiplied")
    .replace(/: subgroup_matrix_result<.*?>;/g, () => ` = ${own * matrices++}u;`);
  return `${text}
var<private> place: u32;
var<private> held: array<f32, ${own * matrices}>;
fn multiplied(left: u32, right: u32, at: u32) -> u32 {
  for (var i = 0u; i < rolled(${own}u, u.k); i++) {
    let a = left + (place + i / ${n}u * ${LANES}u) * ${pitchA}u;
    let b = right + i % ${n}u * ${pitchB}u;
    for (var j = 0u; j < rolled(${k}u, u.k); j++) { held[at + i] = fma(f32(tileA[a + j]), f32(tileB[b + j]), held[at + i]); }
  }
  return at;
}
fn letGo(to: u32, at: u32) {
  for (var i = 0u; i < rolled(${own}u, u.k); i++) {
    sums[to + (place + i / ${n}u * ${LANES}u) * ${pitch}u + i % ${n}u] = held[at + i];
  }
}
`;
}
