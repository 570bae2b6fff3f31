// Lists and labels of data sets.
import { parseDataSpec } from "@inctrl/datasets";
import { cifarPictures } from "../../../packages/datasets/src/sets/cifar10.ts";
import { elpvCategories } from "../../../packages/datasets/src/sets/elpv.ts";
import { headctCategories } from "../../../packages/datasets/src/sets/headct.ts";
import { IdxCollector } from "../../../packages/datasets/src/sets/idx.ts";
import { listed } from "../../../packages/datasets/src/sets/json.ts";
import { listingsOf } from "../../../packages/datasets/src/sets/list-file.ts";
import { mnistPictures } from "../../../packages/datasets/src/sets/mnist.ts";
import { labelledImages } from "../../../packages/datasets/src/sets/pairs.ts";
import { insideOf, linesOf } from "../../../packages/datasets/src/sets/table.ts";
import { visaCategories } from "../../../packages/datasets/src/sets/visa.ts";
import { json, text } from "../seeds.mjs";

const find = (named, where) => insideOf("/set", named, where);

function idx(bytes, rank) {
  const collector = new IdxCollector("idx", rank);
  collector.add(bytes);
  return collector.end();
}
const digits = Buffer.from("000008030000000200000002000000020102030405060708", "hex");

const list = (bytes) => void listed([listingsOf("/set/list.json", text(bytes))], () => "/set");

export const SETS = [
  [
    "data set's name",
    [Buffer.from("mnist:digits?protocol=multi"), Buffer.from("mvtec:a b")],
    (bytes) => void parseDataSpec(text(bytes)),
  ],
  ["IDX", [digits], (bytes) => void idx(bytes, 3)],
  [
    "labels of MNIST",
    [Buffer.from("00000801000000020103", "hex")],
    (bytes) => void mnistPictures("/set", idx(digits, 3), idx(bytes, 1)),
  ],
  ["labels of CIFAR-10", [Buffer.alloc(3073, 3)], (bytes) => void cifarPictures("data_batch_1.bin", bytes)],
  [
    "list of VisA",
    [Buffer.from('object,split,label,image,"mask"\na,train,normal,a.png,\nb,"test",anomaly,b.png,m.png\n')],
    (bytes) => void visaCategories("/set", "1cls.csv", text(bytes), find),
  ],
  [
    "labels of HeadCT",
    [Buffer.from("id, hemorrhage\n0,1\n1,0\n2,0\n")],
    (bytes) => void headctCategories("/set", "labels.csv", text(bytes), new Map([[0, "/set/0.png"]])),
  ],
  [
    "labels of ELPV",
    [Buffer.from("images/a.png 0.0 mono\nimages/b.png,1,poly\nimages/c.png 0.33 mono\nd.png 0 mono\n")],
    (bytes) => void elpvCategories("/set", linesOf("labels.csv", text(bytes)), find),
  ],
  [
    "labels of DAGM",
    [Buffer.from("1\n0576\t1\t0576.PNG\t0\t0576_label.PNG\n")],
    (bytes) => void labelledImages(text(bytes)),
  ],
  [
    "list of images",
    [
      json([{ image_path: "a.png", target: 0, type: "nut" }]),
      Buffer.from('{"filename":"a.png","label":1,"clsname":"nut","maskname":"m.png"}\n'),
      json({ train: { nut: [{ img_path: "a.png", mask_path: "", anomaly: 0 }] }, test: { nut: [] } }),
      json({
        meta: { normal_class: "OK", prefix: "a" },
        train: [{ category: "a", image_path: "b", anomaly_class: "OK" }],
      }),
    ],
    list,
  ],
];
