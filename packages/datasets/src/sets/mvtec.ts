import { CLASS_FOLDERS } from "./class-folders.js";
import { folderFormat } from "./folder-format.js";

/** MVTec AD: fifteen classes of textures and objects (Bergmann et al. 2019). */
export const mvtec = folderFormat({ name: "mvtec", title: "MVTec AD", ...CLASS_FOLDERS });

/** MVTec LOCO AD: logical and structural anomalies (Bergmann et al. 2022), several masks an image. */
export const loco = folderFormat({
  name: "loco",
  title: "MVTec LOCO AD",
  ...CLASS_FOLDERS,
  layout:
    "<class>/train/good, <class>/test/{good,logical_anomalies,structural_anomalies}, and a folder of masks an image: <class>/ground_truth/<kind>/NNN/NNN.png",
});

/** BTAD: three industrial products, ok and ko (Mishra et al. 2021). */
export const btad = folderFormat({
  name: "btad",
  title: "BTAD",
  ...CLASS_FOLDERS,
  layout: "<class>/train/ok, <class>/test/{ok,ko} and <class>/ground_truth/ko/*.png",
});

/** MPDD: painted metal parts (Jezek et al. 2021). */
export const mpdd = folderFormat({ name: "mpdd", title: "MPDD", ...CLASS_FOLDERS });

/** BMAD: brain, liver, retina, chest and tissue (Bao et al. 2024); masks in a folder label beside img. */
export const bmad = folderFormat({
  name: "bmad",
  title: "BMAD",
  ...CLASS_FOLDERS,
  layout: "<class>/train/good, <class>/{valid,test}/{good,Ungood}/img and <class>/{valid,test}/Ungood/label",
});
