import type {
  BankChange,
  CalibratedJudge,
  DecodePool,
  Edited,
  FittedDetector,
  ImageItem,
  LearntAs,
} from "@inctrl/detect";
import { TensorError } from "@inctrl/tensor";

/** A bank that is open on a device. Disposing of it frees its tensors. */
export interface OpenBank extends Disposable {
  readonly fitted: FittedDetector;
  /** What judges its scores; null where nothing is known of good parts. */
  readonly judge: CalibratedJudge | null;
  /** What its file says of its images and its versions. */
  readonly about: BankFacts;
  /** Makes the next version of its file, which knows these good images too. What is open stays as it is. */
  learn(images: readonly ImageItem[]): Promise<Edited>;
}

/** What a bank's file says of itself. */
export interface BankFacts {
  readonly version: number;
  /** What made this version; null for a bank that was never changed. */
  readonly last: BankChange | null;
  /** Sums of the files of its prompts and calibration images. */
  readonly known: ReadonlySet<string>;
  /** What a good image becomes. */
  readonly learntAs: LearntAs;
}

/** A device with a backbone on it. Whoever starts a service says how banks are opened; the service knows no method. */
export interface Engine {
  readonly backbone: string;
  /** The fingerprint of the backbone's weights. */
  readonly model: string;
  readonly adapter: string;
  /** The threads that decode pictures, and draw on them. */
  readonly pool: DecodePool;
  /** Opens a bank file. Rejects where it does not fit the backbone. */
  open(bank: string): Promise<OpenBank>;
  /** Closes the device. What was opened on it is gone. */
  close(): void;
}

/** Opens a device and a backbone, at the start and after a device was lost. */
export type OpenEngine = () => Promise<Engine>;

const DEVICE_FAULTS: readonly string[] = ["device-lost", "closed", "gpu-validation", "out-of-memory"];

/** Whether an error says that the device cannot be used again. */
export const isDeviceFault = (error: unknown): boolean =>
  error instanceof TensorError && DEVICE_FAULTS.includes(error.code);
