import { buildClip, parseConfig, randomParameters } from "@inctrl/clip";
import { add, arange, exp, logSoftmax, matmul, mul, neg, normalize, oneHot, openDevice, optim, scope, sum, tensor, transpose, valueAndGrad, type Tensor, nn } from "@inctrl/tensor";
const [B, W, L, TW, TL, CTX, S, P, HW, QG] = (process.argv[2] ?? "64,128,4,128,2,16,64,8,64,1").split(",").map(Number);
const device = await openDevice({ poolBytes: 8 * 2 ** 30 });
const config = parseConfig({ embed_dim: 128, quick_gelu: !!QG, vision_cfg: { image_size: S, patch_size: P, width: W, layers: L, head_width: HW }, text_cfg: { context_length: CTX, vocab_size: 2000, width: TW, layers: TL, heads: 2 } });
const clip = await buildClip(device, config, randomParameters(0), { trainable: true });
const params: Record<string, nn.Parameter> = Object.fromEntries([...clip.parameters.entries()].map(([k, v]) => [k, v as Tensor]) as any);
const list = [...clip.parameters.entries()].map(([, v]) => v as Tensor);
const ids = new Int32Array(B * CTX); for (let i = 0; i < ids.length; i++) ids[i] = (i * 7919) % 1990; for (let b = 0; b < B; b++) ids[(b + 1) * CTX - 1] = 1999;
const px = new Float32Array(B * 3 * S * S).map((_, i) => Math.sin(i * 0.1));
const match = (l: Tensor) => neg(mul(sum(mul(logSoftmax(l), oneHot(arange(device, l.shape[0], "int32"), l.shape[0]))), 1 / l.shape[0]));
const step = () => {
  const t = (n: string) => clip.parameters.tensor(n);
  const { value, gradients } = scope(() => valueAndGrad((p: readonly Tensor[]) => {
    const images = normalize(clip.vision.forward(tensor(device, px, [B, 3, S, S])).features);
    const texts = normalize(clip.text!.forward(ids, CTX));
    const logits = mul(matmul(images, texts, { transposeB: true }), exp(t("logit_scale")));
    return mul(add(match(logits), match(transpose(logits))), 0.5);
  })(list));
  const clipped = optim.clipGradients(gradients, 1);
  return { value, clipped };
};
let r = step(); console.log(await r.value.item()); r.clipped.forEach((t) => t.dispose()); r.value.dispose();
// timing
const reps = 4; let best = 1e9;
const d0 = device.stats.dispatches;
for (let i = 0; i < reps; i++) { const t0 = performance.now(); r = step(); await r.value.item(); await device.sync(); best = Math.min(best, performance.now() - t0); r.clipped.forEach((t) => t.dispose()); r.value.dispose(); }
console.log("step ms", best.toFixed(0), "dispatches", (device.stats.dispatches - d0) / reps);
const tok = (S / P) ** 2 + 1; const fl = 3 * B * (L * (24 * W * W * tok + 4 * tok * tok * W) + TL * (24 * TW * TW * CTX + 4 * CTX * CTX * TW));
console.log("GFLOP", (fl / 1e9).toFixed(1), "GFLOP/s", (fl / best / 1e6).toFixed(1));
// per-kernel timing: wait for each dispatch
const proto: any = Object.getPrototypeOf(device); 
const raw: { name: string; grid: any; key: string; kernel: any; buffers: any; uniforms: any }[] = [];
const orig = proto.dispatch;
proto.dispatch = function (kernel: any, buffers: any, uniforms: any, grid: any) { raw.push({ name: kernel.name, grid, key: "", kernel, buffers: [...buffers], uniforms }); return orig.call(this, kernel, buffers, uniforms, grid); };
r = step(); await device.sync(); 
proto.dispatch = orig;
const groups = new Map<string, { n: number; ms: number; one: any }>();
for (const x of raw) { const k = `${x.name} ${x.buffers.map((b: any) => b.bytes >> 10).join(",")} KiB`; const g = groups.get(k) ?? { n: 0, ms: 0, one: x }; g.n++; groups.set(k, g); }
for (const g of groups.values()) { const { kernel, buffers, uniforms, grid } = g.one; orig.call(device, kernel, buffers, uniforms, grid); await device.sync(); const t0 = performance.now(); for (let i = 0; i < 3; i++) orig.call(device, kernel, buffers, uniforms, grid); await device.sync(); g.ms = ((performance.now() - t0) / 3) * g.n; }
const rows = [...groups].sort((a, b) => b[1].ms - a[1].ms); const total = rows.reduce((s, x) => s + x[1].ms, 0);
console.log("sum", total.toFixed(0));
for (const [k, g] of rows.slice(0, 45)) console.log(g.ms.toFixed(1).padStart(8), String(g.n).padStart(4), k);
const fam = new Map<string, number>(); for (const [k, g] of rows) { const f = k.split(" ").slice(0, 2).join(" "); fam.set(f, (fam.get(f) ?? 0) + g.ms); }
console.log([...fam].sort((a, b) => b[1] - a[1]).map(([k, v]) => `${k}: ${v.toFixed(0)}`).slice(0, 20).join("\n"));
process.exit(0);
