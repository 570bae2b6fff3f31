import type { ResNet } from "@inctrl/baselines";
import type { nn } from "@inctrl/tensor";
import { blocksOf, type Convolution, RESNET_SIDE, STEM } from "../resnets.js";
import { Graph } from "./graph.js";
import type { Fields } from "./protobuf.js";

const EPS = 1e-5;

/**
 * A ResNet without its classifier as an ONNX model from `pixels` [1, 3, 224, 224] to `features`, with batch norms folded into the
 * convolutions, as runtimes do themselves.
 */
export async function resnetModel(resnet: ResNet, read: nn.ReadParameter): Promise<Fields> {
  const graph = new Graph();
  const parameters = resnet.namedParameters();
  const valuesOf = async (name: string) => Float32Array.from(await read(name, parameters.get(name)!));

  const convolve = async (x: string, conv: Convolution) => {
    const { inputs, outputs, kernel, stride } = conv;
    const [gain, shift, mean, variance] = await Promise.all(
      ["weight", "bias", "running_mean", "running_var"].map((part) => valuesOf(`${conv.norm}.${part}`)),
    );
    const factors = gain.map((g, i) => g / Math.sqrt(variance[i] + EPS));
    const each = inputs * kernel ** 2;
    const weight = (await valuesOf(`${conv.conv}.weight`)).map((v, i) => v * factors[Math.floor(i / each)]);
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
  let x = graph.node("MaxPool", [relu(await convolve(pixels, STEM))], pool);
  let width = STEM.outputs;
  for (const { main, shortcut } of blocksOf(resnet.config)) {
    let y = x;
    for (const [i, conv] of main.entries()) y = await convolve(i === 0 ? y : relu(y), conv);
    x = relu(graph.node("Add", [y, shortcut ? await convolve(x, shortcut) : x]));
    width = main[main.length - 1].outputs;
  }
  const features = graph.node("Reshape", [graph.node("GlobalAveragePool", [x]), graph.integers(1, width)]);
  graph.output(features, [1, width]);
  return graph.model();
}
