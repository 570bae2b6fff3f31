import { drawCaptioned, encodePng } from "@inctrl/datasets";
import { writeFileSync } from "node:fs";
const S = Number(process.argv[2] ?? 64), N = 8, split = (process.argv[3] ?? "train") as any;
let t0 = performance.now(); for (let i = 0; i < 64; i++) drawCaptioned({ seed: 5, index: i, size: S, split }); console.log("64 images ms", performance.now() - t0);
t0 = performance.now(); for (let i = 64; i < 192; i++) drawCaptioned({ seed: 5, index: i, size: S, split }); console.log("128 images ms", performance.now() - t0);
const W = N * 2 * S, H = N * S; const data = new Uint8Array(W * H * 3);
for (let r = 0; r < N; r++) for (let c = 0; c < 2 * N; c++) { const d = drawCaptioned({ seed: 5, index: r * 2 * N + c, size: S, split }); for (let y = 0; y < S; y++) data.set(d.image.data.subarray(y * S * 3, (y + 1) * S * 3), ((r * S + y) * W + c * S) * 3); if (r < 3) console.log(d.state, d.classId, "|", d.caption); }
writeFileSync(`/tmp/nano/sheet-${split}-${S}.png`, encodePng({ width: W, height: H, data, mode: "RGB" } as any));
const names = new Set<string>(), fams = new Set<string>(); for (let i = 0; i < 2000; i += 2) { }
