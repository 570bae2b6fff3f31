import type { Caps } from "../device/caps.js";
import { FLAT, flatGrid } from "./kernel.js";

/**
 * A loop over outputs `i`, for kernels with uniforms `count` and `share`: a workgroup takes FLAT * share outputs that lie
 * together, its invocations side by side. On CPUs starting an invocation costs as much as several outputs: a sum
 * of 860,000 pairs took 8.4 ms one each and 1.6 ms sixty-four each on llvmpipe.
 */
export const SHARES = {
  uniforms: { count: "u32", share: "u32" },
  begin: `let first = (wg.y * groups.x + wg.x) * ${FLAT}u * u.share + lid;
  let last = min(u.count, first - lid + ${FLAT}u * u.share);`,
  each: `for (var i = first; i < last; i += ${FLAT}u)`,
} as const;

/** The uniforms and the grid for `SHARES` over `count` outputs: long shares, but work for every core. */
export function planFlat(count: number, caps: Pick<Caps, "software" | "maxWorkgroupsPerDimension">) {
  const [groups, longest] = caps.software ? [32, 64] : [8192, 8];
  const share = Math.min(longest, Math.max(1, Math.floor(count / (FLAT * groups))));
  const grid = flatGrid(Math.ceil(count / share), caps.maxWorkgroupsPerDimension);
  return { uniforms: { count, share }, grid };
}
