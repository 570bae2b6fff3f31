import { IMAGENET_MEAN, IMAGENET_STD, type PreprocessConfig } from "@inctrl/clip";

/** How images become pixels of ResNets: RGB, the shorter side to 256 by PIL's bilinear filter, the middle 224, ImageNet's statistics. */
export const RESNET_PREPROCESS: PreprocessConfig = {
  size: 224,
  mean: IMAGENET_MEAN,
  std: IMAGENET_STD,
  interpolation: "bilinear",
  resize: 256,
  rgbFirst: true,
};
