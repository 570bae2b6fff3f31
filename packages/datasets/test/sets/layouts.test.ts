import { join } from "node:path";
import { folderTests } from "@inctrl/testing";
import * as assert from "uvu/assert";
import { type DataSet, exportDataSet, openDataSet } from "../../src/index.js";
import { hasDefect } from "../../src/sets/pixels.js";
import { counts, gray, write } from "../support/tree.js";

const test = folderTests("layouts");

/** Paths of a tree: `a/{1,2}.png b/3.png` are three. */
function paths(text: string): string[] {
  return text.split(/\s+/).flatMap((word) => {
    const [, before, inside, after] = /^(.*?)\{(.*?)\}(.*)$/.exec(word) ?? [];
    return inside === undefined ? [word] : inside.split(",").flatMap((part) => paths(before + part + after));
  });
}

const IMAGE = gray(4, 4, 99);
const MASK = gray(4, 4, (x) => Number(x === 3));
const BLACK = gray(4, 4);

interface Row {
  readonly images: string;
  readonly masks?: string;
  /** Masks that mark nothing. */
  readonly black?: string;
  readonly lists?: Readonly<Record<string, unknown>>;
  /** The names under which it opens. */
  readonly as: readonly string[];
  /** Category, normal and anomalous images for training and for testing, masks. */
  readonly want: readonly (readonly [name: string, ...counts: number[]])[];
  readonly kinds?: readonly string[];
  readonly says?: RegExp;
}

const entry = (path: string, mask = "") => ({
  img_path: path,
  mask_path: mask,
  cls_name: "nut",
  specie_name: mask ? "dent" : "good",
  anomaly: Number(mask !== ""),
});
const uniad = (filename: string, maskname?: string) =>
  JSON.stringify({
    filename,
    label: maskname ? 1 : 0,
    label_name: maskname ? "dent" : "good",
    maskname,
    clsname: "nut",
  });

const VISA = `object,split,label,image,mask
candle,train,normal,candle/Data/Images/Normal/0.JPG,
candle,test,normal,candle/Data/Images/Normal/1.JPG,
candle,test,anomaly,candle/Data/Images/Anomaly/0.JPG,candle/Data/Masks/Anomaly/0.png
`;

const ROWS: Readonly<Record<string, Row>> = {
  "BTAD: ok and ko, BMP with PNG masks": {
    images: "01/{train/ok/0,train/ok/1,test/ok/2,test/ko/3}.bmp 03/{train/ok/0,test/ok/1,test/ko/2}.png",
    masks: "{01/ground_truth/ko/3,03/ground_truth/ko/2}.png",
    as: ["btad", "mvtec", "folder"],
    want: [
      ["01", 2, 0, 1, 1, 1],
      ["03", 1, 0, 1, 1, 1],
    ],
    kinds: ["ko"],
  },
  "MVTec LOCO: a folder of masks an image": {
    images:
      "box/{train/good/0,validation/good/1,test/good/2,test/logical_anomalies/000,test/structural_anomalies/000}.png",
    masks:
      "box/ground_truth/{logical_anomalies/000/000,logical_anomalies/000/001,structural_anomalies/000/000}.png",
    as: ["loco", "mvtec", "folder"],
    want: [["box", 1, 0, 1, 2, 2]],
    kinds: ["logical_anomalies", "structural_anomalies"],
    says: /left out: 1 image for validation, which \?split=valid takes/,
  },
  "MPDD, one folder deeper": {
    images: "MPDD/tubes/{train/good/0,test/good/1,test/anomalous/2}.png",
    masks: "MPDD/tubes/ground_truth/anomalous/2_mask.png",
    as: ["mpdd", "folder"],
    want: [["tubes", 1, 0, 1, 1, 1]],
  },
  "any case, other names": {
    images: "Nut/{TRAIN/Good/A,Test/GOOD/B,Test/Scratch/C}.PNG Nut/Test/Scratch/deep/D.png",
    masks: "Nut/Masks/scratch/{c_GT,deep/mask_d}.png",
    as: ["folder", "mvtec"],
    want: [["Nut", 1, 0, 1, 2, 2]],
    kinds: ["Scratch"],
  },
  "BMAD: label beside img, Ungood, validation": {
    images: "RESC/{train/good/0,valid/good/img/1,valid/Ungood/img/2,test/good/img/3,test/Ungood/img/4}.png",
    masks: "RESC/{valid/Ungood/label/2,test/Ungood/label/4}.png",
    black: "RESC/test/good/label/3.png",
    as: ["bmad", "folder"],
    want: [["RESC", 1, 0, 1, 1, 1]],
    kinds: ["Ungood"],
    says: /left out: 2 images for validation/,
  },
  "BMAD for validation, with masks in anomaly_mask": {
    images: "Liver/{train/good/0,valid/good/img/1,valid/Ungood/img/2,valid/Ungood/img/3,test/good/img/3}.png",
    masks: "Liver/valid/Ungood/anomaly_mask/{2,3}.png",
    as: ["bmad?split=valid"],
    want: [["Liver", 1, 0, 1, 2, 2]],
  },
  "BMAD with the kinds in img and label": {
    images: "Brain/{train/good/0,test/img/good/1,test/img/Ungood/2}.png",
    masks: "Brain/test/label/Ungood/2.png",
    as: ["bmad"],
    want: [["Brain", 1, 0, 1, 1, 1]],
    kinds: ["Ungood"],
  },
  "MVTec 3D: rgb beside gt and xyz": {
    images:
      "bagel/{train/good/rgb/0,test/good/rgb/0,test/hole/rgb/0}.png bagel/{train/good,test/good,test/hole}/xyz/0.tiff",
    masks: "bagel/test/hole/gt/0.png",
    black: "bagel/test/good/gt/0.png",
    as: ["mvtec", "folder"],
    want: [["bagel", 1, 0, 1, 1, 1]],
    says: /bagel\/test: 2 left out: good\/xyz, hole\/xyz \(a folder beside one of images\)/,
  },
  "MVTec AD 2: masks below test_public": {
    images: "vial/{train/good/0,validation/good/1,test_public/good/2,test_public/bad/3}_regular.png",
    masks: "vial/test_public/ground_truth/bad/3_regular_mask.png",
    as: ["mvtec"],
    want: [["vial", 1, 0, 1, 1, 1]],
    kinds: ["bad"],
  },
  "masks beside the images, a kind that is called label": {
    images: "can/{train/good/0,test/good/1,test/dent/2,test/label/2}.png",
    masks: "can/{test/dent/2_mask,ground_truth/label/2_mask}.png",
    as: ["folder"],
    want: [["can", 1, 0, 1, 2, 2]],
    kinds: ["dent", "label"],
  },
  "training images in no folder, masks in no folder of a kind": {
    images: "can/{train/0,test/good/1,test/dent/2,test/dent/3}.png",
    masks: "can/gt/{2,3}_segmentation.png",
    as: ["folder"],
    want: [["can", 1, 0, 1, 2, 2]],
  },
  "anomalies for training": {
    images: "can/{train/ok/0,train/ng/1,test/ok/2,test/ng/3}.png",
    as: ["folder"],
    want: [["can", 1, 1, 1, 1, 0]],
  },
  "VisA in its form for one class": {
    images: "1cls/candle/{train/good/0,test/good/1,test/bad/2}.JPG",
    masks: "1cls/candle/ground_truth/bad/2.png",
    as: ["visa", "folder"],
    want: [["candle", 1, 0, 1, 1, 1]],
  },
  "VisA as it is published": {
    images: "candle/Data/Images/{Normal/0,Normal/1,Anomaly/0}.JPG",
    masks: "candle/Data/Masks/Anomaly/0.png",
    lists: {
      "split_csv/1cls.csv": VISA,
      "split_csv/2cls_fewshot.csv": VISA,
    },
    as: ["visa", "folder", "visa?list=2cls_fewshot"],
    want: [["candle", 1, 0, 1, 1, 1]],
  },
  "KolektorSDD2: _GT beside each image": {
    images: "{train/1,train/2,test/3,test/4}.png",
    masks: "{train/2,test/4}_GT.png",
    black: "{train/1,test/3}_GT.png",
    as: ["sdd2", "folder"],
    want: [["sdd2", 1, 1, 1, 1, 2]],
    kinds: ["defect"],
  },
  "DAGM: Label beside the images of a class": {
    images: "Class1/{Train/0001,Train/0002,Test/0001,Test/0002}.PNG Class10/{Train/0001,Test/0001}.PNG",
    masks: "Class1/{Train/Label/0002,Test/Label/0001}_label.PNG Class10/{Train,Test}/Label/0001_label.PNG",
    lists: {
      "Class1/Train/Label/Labels.txt": "1\n1 0 0001.PNG 0 not_there\n2 1 0002.PNG 0 0002_label.PNG\n",
    },
    as: ["dagm", "folder"],
    want: [
      ["Class1", 1, 1, 1, 1, 2],
      ["Class10", 0, 1, 0, 1, 2],
    ],
  },
  "Real-IAD: a list a class": {
    images: "realiad_256/audiojack/{OK/S1/a_OK_C1,OK/S2/b_OK_C1,NG/AK/S3/c_AK_C1}.jpg",
    masks: "realiad_256/audiojack/NG/AK/S3/c_AK_C1.png",
    lists: {
      "realiad_jsons/realiad_jsons/audiojack.json": {
        meta: { prefix: "audiojack/", normal_class: "OK" },
        train: [
          { category: "audiojack", anomaly_class: "OK", image_path: "OK/S1/a_OK_C1.jpg", mask_path: null },
        ],
        test: [
          { category: "audiojack", anomaly_class: "OK", image_path: "OK/S2/b_OK_C1.jpg", mask_path: null },
          {
            category: "audiojack",
            anomaly_class: "AK",
            image_path: "NG/AK/S3/c_AK_C1.jpg",
            mask_path: "NG/AK/S3/c_AK_C1.png",
          },
        ],
      },
      "realiad_jsons/realiad_jsons/zipper.json": {
        meta: { prefix: "zipper/", normal_class: "OK" },
        train: [{ category: "zipper", anomaly_class: "OK", image_path: "OK/S1/a.jpg", mask_path: null }],
        test: [],
      },
    },
    as: ["realiad", "folder", "realiad?size=256"],
    want: [["audiojack", 1, 0, 1, 1, 1]],
    kinds: ["AK"],
    says: /the images of 1 class are not there: zipper/,
  },
  "meta.json of AnomalyCLIP": {
    images: "data/nut/{a,b,c}.png",
    masks: "data/nut/c_gt.png",
    lists: {
      "data/meta.json": {
        train: { nut: [entry("nut/a.png")] },
        test: { nut: [entry("nut/b.png"), entry("nut/c.png", "nut/c_gt.png")] },
      },
    },
    as: ["meta", "folder"],
    want: [["nut", 1, 0, 1, 1, 1]],
    kinds: ["dent"],
  },
  "lists of UniAD: a line an image": {
    images: "nut/{a,b,c}.png",
    masks: "nut/c_gt.png",
    lists: {
      "train.json": `${uniad("nut/a.png")}\n`,
      "test.json": `${uniad("nut/b.png")}\n${uniad("nut/c.png", "nut/c_gt.png")}\n`,
    },
    as: ["json"],
    want: [["nut", 1, 0, 1, 1, 1]],
    kinds: ["dent"],
  },
};

/** A data set in numbers, as `Row.want`; every mask must mark something at its image's size. */
async function summary({ categories }: DataSet): Promise<[string, ...number[]][]> {
  return Promise.all(
    categories.map(async ({ name, train, test }) => {
      const masked = [...train, ...test].filter(({ mask }) => mask);
      for (const { id, mask, load } of masked) {
        const [{ width, height }, marks] = await Promise.all([load(), mask!()]);
        assert.equal([id, marks.width, marks.height, hasDefect(marks)], [id, width, height, true]);
      }
      return [name, ...counts(train), ...counts(test), masked.length] as [string, ...number[]];
    }),
  );
}

for (const [name, { images, masks = "", black = "", lists = {}, as, want, kinds, says }] of Object.entries(
  ROWS,
)) {
  test(name, async ({ dir }) => {
    const root = join(dir, "set");
    const text = Object.entries(lists).map(([path, list]) => [
      path,
      typeof list === "string" ? list : JSON.stringify(list),
    ]);
    const of = (list: string, picture: Uint8Array) =>
      list ? paths(list).map((path) => [path, picture]) : [];
    await write(
      root,
      Object.fromEntries([...of(images, IMAGE), ...of(masks, MASK), ...of(black, BLACK), ...text]),
    );
    for (const spec of as) {
      const [format, options] = spec.split("?");
      const set = await openDataSet(`${format}:${root}${options ? `?${options}` : ""}`);
      assert.equal(await summary(set), want, spec);
      assert.equal(set.skipped, [], spec);
      const all = set.categories.flatMap(({ train, test: tests }) => [...train, ...tests]);
      if (kinds)
        assert.equal([...new Set(all.filter(({ label }) => label).map(({ kind }) => kind))].sort(), kinds);
      if (says) assert.match((set.notes ?? []).join("\n"), says);
    }
    const out = join(dir, "out");
    await exportDataSet(
      await openDataSet(`${as[0].split("?")[0]}:${root}${as[0].includes("?") ? "?split=valid" : ""}`),
      out,
    );
    const trained = want.filter(([, normal]) => (normal as number) > 0);
    if (trained.length < want.length) return;
    // Anomalies for training are exported as test images.
    const exported = want.map(([name, normal = 0, bad = 0, good = 0, ng = 0, marks = 0]) => [
      name,
      normal,
      0,
      good,
      bad + ng,
      marks,
    ]);
    assert.equal(await summary(await openDataSet(`mvtec:${out}`)), exported, "exported");
  });
}

test.run();
