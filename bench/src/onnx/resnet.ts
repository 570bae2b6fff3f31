import { type ResNet, widthOf } from "@inctrl/baselines";
import type { nn } from "@inctrl/tensor";
import { RESNET_SIDE } from "../resnets.js";
import { Graph } from "./graph.js";
import type { Fields } from "./protobuf.js";

const EPS = 1e-5;

/**
 * A ResNet without its classifier as an ONNX model from `pixels` [1, 3, 224, 224] to `features`, with batch norms folded into the
 * convolutions, as runtimes do themselves.
 */
export async function resnetModel(resnet: ResNet, read: nn.ReadParameter): Promise<Fields> {
  const graph = new Graph();
  const names = new Map([...resnet.namedParameters()].map(([name, parameter]) => [parameter, name]));
  const valuesOf = async (parameter: nn.Parameter) =>
    Float32Array.from(await read(names.get(parameter)!, parameter));

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

  const pixels = graph.input("pixels", [1, 3, RESNET_SIDE, RESNET_SIDE]);
  const pool = { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] };
  let x = graph.node("MaxPool", [relu(await convolve(pixels, resnet.conv1, resnet.bn1))], pool);
  for (const block of resnet.layers.flat()) {
    let y = x;
    for (const [i, pair] of block.pairs().entries()) y = await convolve(i === 0 ? y : relu(y), ...pair);
    const { downsample } = block;
    x = relu(graph.node("Add", [y, downsample ? await convolve(x, ...downsample) : x]));
  }
  const width = widthOf(resnet.config, resnet.depth);
  const features = graph.node("Reshape", [graph.node("GlobalAveragePool", [x]), graph.integers(1, width)]);
  graph.output(features, [1, width]);
  return graph.model();
}
