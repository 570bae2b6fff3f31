// Whether this GPU's matrix units compute rightly, and how fast products are by them. Nothing is kept.
import { openDevice, tuneMatrices } from "@inctrl/tensor";

const device = await openDevice({ matrices: true });
const found = await tuneMatrices(device);
process.stdout.write(`${JSON.stringify({ matrix: device.caps.matrix, found })}\n`);
device.close();
