import { type ResNet, widthOf } from "@inctrl/baselines";
import type { nn } from "@inctrl/tensor";
import { OnnxError } from "../errors.js";
import type { Graph } from "../graph.js";
import type { Read, Tower, TowerResults, Wanted } from "./tower.js";

const EPS = 1e-5;

/** A ResNet without its classifier, with batch norms folded into the convolutions, as runtimes do themselves. */
export function resnetTower(resnet: ResNet, read: Read, size: number): Tower {
  const { config, depth } = resnet;
  return {
    ...{ embedDim: widthOf(config, depth), size },
    layout(tap) {
      const side = Math.ceil(size / 2 ** (Number(tap) + 1));
      return { rows: side, columns: side, width: widthOf(config, Number(tap)) };
    },
    add: (graph, pixels, wanted) => addResnet(graph, resnet, read, pixels, wanted),
  };
}

async function addResnet(
  graph: Graph,
  resnet: ResNet,
  read: Read,
  pixels: string,
  { taps = [], features = true }: Wanted,
): Promise<TowerResults> {
  const names = new Map([...resnet.namedParameters()].map(([name, parameter]) => [parameter, name]));
  const valuesOf = async (parameter: nn.Parameter) =>
    Float32Array.from(await read(names.get(parameter)!, parameter));
  const bad = taps.find((tap) => !(Number.isInteger(tap) && Number(tap) >= 1 && Number(tap) <= resnet.depth));
  if (bad !== undefined)
    throw new OnnxError("method", `the tap ${bad} has no form in ONNX; take layers 1 to ${resnet.depth}`);

  const convolve = async (x: string, conv: nn.Conv2d, norm: nn.BatchNorm) => {
    const [outputs, inputs, kernel] = conv.weight.shape;
    const stride = Number(conv.stride);
    const [gain, shift, mean, variance] = await Promise.all(
      [norm.weight, norm.bias, norm.running_mean, norm.running_var].map(valuesOf),
    );
    const factors = gain.map((g, i) => g / Math.sqrt(variance[i] + EPS));
    const each = inputs * kernel ** 2;
    const weight = (await valuesOf(conv.weight)).map((v, i) => v * factors[Math.floor(i / each)]);
    const operands = [
      graph.constant([outputs, inputs, kernel, kernel], weight),
      graph.constant(
        [outputs],
        shift.map((b, i) => b - mean[i] * factors[i]),
      ),
    ];
    const around = Math.floor(kernel / 2);
    return graph.node("Conv", [x, ...operands], {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: [around, around, around, around],
    });
  };
  const relu = (x: string) => graph.node("Relu", [x]);

  const pool = { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] };
  let x = graph.node("MaxPool", [relu(await convolve(pixels, resnet.conv1, resnet.bn1))], pool);
  const last = features ? resnet.depth : Math.max(...taps.map(Number));
  const maps: string[] = [];
  for (const layer of resnet.layers.slice(0, last)) {
    for (const block of layer) {
      let y = x;
      for (const [i, pair] of block.pairs().entries()) y = await convolve(i === 0 ? y : relu(y), ...pair);
      const { downsample } = block;
      x = relu(graph.node("Add", [y, downsample ? await convolve(x, ...downsample) : x]));
    }
    maps.push(x);
  }
  const rowsOf = (layer: number) => {
    const width = widthOf(resnet.config, layer);
    const columns = graph.node("Reshape", [maps[layer - 1], graph.integers(0, width, -1)]);
    return graph.node("Transpose", [columns], { perm: [0, 2, 1] });
  };
  return {
    features: features ? graph.node("ReduceMean", [x], { axes: [2, 3], keepdims: 0 }) : null,
    taps: taps.map((tap) => rowsOf(Number(tap))),
  };
}
