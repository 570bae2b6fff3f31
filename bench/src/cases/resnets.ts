import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findResNet, ResNet, widthOf } from "@inctrl/baselines";
import { hashedParameters } from "@inctrl/detect";
import { resnetTower, towerModel } from "@inctrl/onnx";
import type { Case } from "../case.js";
import { ONNX_PEERS } from "../peers/index.js";
import { makeFolder } from "../pictures.js";
import { RESNET_SIDE, resnetOperations } from "../resnets.js";
import { all, arithmetic } from "./contestants.js";

const MODELS = ["resnet18", "wide_resnet50_2"];
const QUICK_MODELS = ["resnet18"];

export const resnets: Case = {
  name: "resnets",
  title:
    "Whole ResNets, one image of 224 pixels, seeded weights; onnxruntime runs an ONNX file of the same weights with batch norms folded",
  async *run(bench) {
    for (const model of bench.quick ? QUICK_MODELS : MODELS) {
      const config = findResNet(model)!;
      const onnx = join(await makeFolder(), "resnet.onnx");
      if (!bench.alone) {
        bench.say(`resnets ${model}: writing the ONNX file`);
        const tower = resnetTower(new ResNet(config), hashedParameters(), RESNET_SIDE);
        await writeFile(onnx, await towerModel(tower, { batch: 1 }));
      }
      yield* await bench.compare({
        case: "resnets",
        size: model,
        unit: "GFLOP/s",
        contestants: [
          ...all(ONNX_PEERS, "resnet", { model, onnx }, resnetOperations(config) / 1e9),
          arithmetic(bench.quick),
        ],
        agree: {
          with: ["onnxruntime cpu", "ours"],
          size: widthOf(config, config.blocks.length),
          tolerance: 1e-3,
        },
      });
    }
  },
};
