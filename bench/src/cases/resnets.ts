import { findResNet, ResNet, widthOf } from "@inctrl/baselines";
import { hashedParameters } from "@inctrl/detect";
import { resnetTower, towerModel } from "@inctrl/onnx";
import type { Case } from "../case.js";
import { ONNX_PEERS } from "../peers/index.js";
import { RESNET_SIDE, resnetOperations } from "../resnets.js";
import { all, arithmetic } from "./contestants.js";
import { compareNetwork } from "./network.js";

const MODELS = ["resnet18", "wide_resnet50_2"];

export const resnets: Case = {
  name: "resnets",
  title:
    "Whole ResNets, one image of 224 pixels, seeded weights; onnxruntime runs an ONNX file of the same weights with batch norms folded",
  async *run(bench) {
    for (const model of bench.quick ? MODELS.slice(0, 1) : MODELS) {
      const config = findResNet(model)!;
      yield* await compareNetwork(bench, {
        ...{ case: "resnets", model, outputs: widthOf(config, config.blocks.length) },
        write: () =>
          towerModel(resnetTower(new ResNet(config), hashedParameters(), RESNET_SIDE), { batch: 1 }),
        contestants: (onnx) => [
          ...all(ONNX_PEERS, "resnet", { model, onnx }, resnetOperations(config) / 1e9),
          arithmetic(bench.quick),
        ],
      });
    }
  },
};
