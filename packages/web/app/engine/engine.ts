import { useJpegWasm } from "@inctrl/datasets/web";
import {
  type Calibration,
  calibrationEntry,
  type Detector,
  Encoder,
  type FittedDetector,
  fileImages,
  fitImages,
  foundOf,
  type GoodImage,
  openingEntry,
  promptsAlone,
  readBankFit,
  readCalibration,
  readOptions,
  type VitBackbone,
  verdictSettings,
} from "@inctrl/detect/web";
import { residualMethod } from "@inctrl/inctrl/web";
import { type Device, openDevice } from "@inctrl/tensor";
import { dropFile, fileInMemory, holdFile } from "@inctrl/tensor/files";
import * as Comlink from "comlink";
import { decodeFrame, decodeHeld, holdImages } from "./images.js";
import { calibrationOf, lineState, mergeGood } from "./judging.js";
import { tellKernels } from "./kernels.js";
import { fetchModel, forgetModel, keepModel, keptModels, openModel } from "./models.js";
import { type PromptPlace, resultOf } from "./result.js";
import { adapterName, checkNetwork, ORIENTATION, readable, scoreOne, showPrompts } from "./steps.js";
import type { BankState, ModelName, Notify, OpenModel, Refused, Result, SquareFit } from "./types.js";

const JPEG_WASM = new URL(
  "../../node_modules/@cornerstonejs/codec-libjpeg-turbo-8bit/dist/libjpegturbowasm_decode.wasm",
  import.meta.url,
);
useJpegWasm(async () => (await fetch(JPEG_WASM)).arrayBuffer());

const BANK = "part.bank.safetensors";

/** What a fit left beside the detector. */
interface Bank {
  readonly fitted: FittedDetector;
  readonly places: readonly (PromptPlace | null)[];
  calibration: Calibration | null;
}

/** All that a page computes, one thing after another: it lives in a worker and owns the device. */
export class Engine {
  #device: Device | null = null;
  #backbone: VitBackbone | null = null;
  #bank: Bank | null = null;
  #last: Promise<unknown> = Promise.resolve();

  /** Work waits for the work before it, since both use the device and the bank. */
  #next<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work, work);
    this.#last = done.catch(() => {});
    return done;
  }

  readonly keptModels = keptModels;
  readonly forgetModel = forgetModel;
  readonly keepModel = keepModel;
  readonly fetchModel = fetchModel;

  /** Opens a model in place of the one before, whose bank is let go. */
  open(model: ModelName, notify: Notify): Promise<OpenModel> {
    return this.#next(async () => {
      this.#device ??= await openDevice();
      const device = this.#device;
      const notes: string[] = [];
      using _ = tellKernels(device, notify);
      const opened = await openModel(device, model, notify, (line) => notes.push(line));
      this.#drop();
      this.#backbone?.dispose();
      this.#backbone = opened;
      const adapter = await adapterName(device);
      return { name: model, adapter, software: device.caps.software, notes };
    });
  }

  /** Learns what is good from images. */
  fit(files: readonly File[], fit: SquareFit, notify: Notify): Promise<BankState> {
    return this.#next(async () => {
      const { names, release } = await holdImages(files);
      try {
        const { good, refused } = await readable(names);
        if (good.length === 0)
          throw new Error(refused[0]?.why ?? "there are no images; give at least one good part");
        notify({ text: "Learning good parts" });
        const detector = this.#detector({ fit });
        let images: GoodImage[] = [];
        const fitted = await fitImages(detector, fileImages(good, ORIENTATION), {
          async onEncoded(encoded) {
            images = await promptsAlone(detector, encoded);
          },
        });
        const shown = await showPrompts(fitted, good);
        this.#keep({
          fitted,
          places: shown.places,
          calibration: await calibrationOf(fitted, images, { hint: true }),
        });
        return this.#state(shown.photos, refused);
      } finally {
        release();
      }
    });
  }

  /** Scores a file, or a camera's frame. */
  score(source: File | ImageBitmap, name: string): Promise<Result> {
    return this.#next(async () => {
      const { fitted, places, calibration } = this.#held();
      const { names, release } = await holdImages(source instanceof File ? [source] : []);
      try {
        const image =
          source instanceof File ? await decodeHeld(names[0], fitted.reading) : decodeFrame(name, source);
        const started = performance.now();
        const scored = await scoreOne(fitted, image);
        const ms = performance.now() - started;
        const result = await resultOf(image.raster, scored, { fitted, places, calibration, name, ms });
        return Comlink.transfer(result, [result.photo, result.heat]);
      } finally {
        release();
      }
    });
  }

  /** Sets the line by good images that are no prompts, beside those of an earlier calibration. */
  calibrate(files: readonly File[], alpha: number, notify: Notify): Promise<BankState> {
    return this.#next(async () => {
      const bank = this.#held();
      const { names, release } = await holdImages(files);
      const refused: Refused[] = [];
      const more: GoodImage[] = [];
      try {
        for (const [done, name] of names.entries()) {
          notify({ text: "Scoring good parts", done, total: names.length });
          try {
            const image = await decodeHeld(name, bank.fitted.reading);
            const found = foundOf(await scoreOne(bank.fitted, image));
            more.push({ name, sha256: (await image.item.sha256?.()) ?? null, part: name, ...found });
          } catch (error) {
            refused.push({ name, why: (error as Error).message });
          }
        }
      } finally {
        release();
      }
      const there = bank.calibration?.hint ? [] : (bank.calibration?.images ?? []);
      const { images, left } = mergeGood(there, more, bank.fitted.prompts);
      const why = "it is a prompt or was counted before, and counts once";
      refused.push(...left.map((name) => ({ name, why: `${name}: ${why}` })));
      if (images.length > there.length)
        bank.calibration = await calibrationOf(bank.fitted, images, { alpha });
      return this.#state([], refused);
    });
  }

  /** Another share of false alarms for the same good images. */
  allow(alpha: number): Promise<BankState> {
    return this.#next(async () => {
      const bank = this.#held();
      if (bank.calibration) bank.calibration = { ...bank.calibration, alpha };
      return this.#state([], []);
    });
  }

  /** The bank as a file that `inctrl score --bank` reads. */
  save(): Promise<Uint8Array> {
    return this.#next(async () => {
      const { fitted, calibration } = this.#held();
      try {
        const opening = {
          version: 1,
          method: "residual",
          options: {},
          className: null,
          heads: false,
        } as const;
        await fitted.save(BANK, {
          ...openingEntry(opening),
          ...(calibration && calibrationEntry(calibration)),
        });
        return fileInMemory(BANK)!;
      } finally {
        dropFile(BANK);
      }
    });
  }

  /** Opens a bank that this page or `inctrl score --save-bank` saved. */
  load(file: File): Promise<BankState> {
    return this.#next(async () => {
      holdFile(file.name, new Uint8Array(await file.arrayBuffer()));
      try {
        const known = await readBankFit(file.name);
        if (this.#backbone) checkNetwork(file.name, known.network, this.#backbone);
        const method = known.opening?.method ?? "residual";
        if (method !== "residual")
          throw new Error(
            `${file.name}: was made for ${method}, and this page scores by the patch residual alone`,
          );
        const fitted = await this.#detector(known).load(file.name);
        const calibration = await readCalibration(file.name, await verdictSettings(fitted)).catch((error) => {
          fitted.dispose();
          throw error;
        });
        this.#keep({ fitted, places: fitted.prompts.map(() => null), calibration });
        return this.#state(
          fitted.prompts.map(() => null),
          [],
        );
      } finally {
        dropFile(file.name);
      }
    });
  }

  #detector(
    known: Parameters<NonNullable<typeof residualMethod.bankOptions>>[0] | { fit: SquareFit },
  ): Detector {
    const backbone = this.#backbone;
    if (!backbone) throw new Error("no model is open; choose one first");
    const own = readOptions(residualMethod, {});
    const settings =
      "taps" in known
        ? { ...own, ...residualMethod.bankOptions?.(known), symmetries: known.symmetries as 1 | 8 }
        : own;
    const { taps } = residualMethod.input!(backbone, settings);
    return residualMethod.create(new Encoder(backbone, { fit: known.fit, taps }), settings);
  }

  #held(): Bank {
    if (this.#bank) return this.#bank;
    throw new Error("there are no good parts yet; give at least one");
  }

  #keep(bank: Bank): void {
    this.#drop();
    this.#bank = bank;
  }

  #drop(): void {
    this.#bank?.fitted.dispose();
    this.#bank = null;
  }

  /** What the page shows; `photos` of prompts are handed over once. */
  #state(photos: readonly (ImageBitmap | null)[], refused: readonly Refused[]): BankState {
    const { fitted, calibration } = this.#held();
    const { detector, prompts } = fitted;
    const state: BankState = {
      prompts: photos.map((photo, i) => ({ name: prompts[i].name, photo })),
      fit: detector.encoder.fit as SquareFit,
      symmetries: detector.symmetries,
      line: calibration && lineState(calibration),
      refused,
    };
    return Comlink.transfer(
      state,
      photos.filter((photo) => photo !== null),
    );
  }
}
