import { DetectError, type Detector, type Encoder, type FitOptions, patchesOf } from "@inctrl/detect";
import { add, keep, mul, nearest, packBank, reshape, type Tensor } from "@inctrl/tensor";
import { onGrid } from "../maps/grid.js";
import { type MapMethod, type MapOutput, mapDetector } from "../maps/map-detector.js";
import { Windows } from "./windows.js";

/** What a method that looks through windows asks of text, and what it makes of the answers. */
export interface VisualMethod extends Pick<MapMethod, "name" | "settings" | "kind"> {
  /** The prototypes of a class, [2, embedDim], the caller's. */
  prototypes(className: string): Promise<Tensor>;
  /** Multiplies cosines of images and texts. */
  readonly scale: number;
  /** Whether prompts are compared, text is asked about each window, or both. */
  readonly maps: "text" | "visual" | "both";
}

/**
 * A detector that compares patches and windows of an image with those of the prompts, and asks text about image and windows
 * (WinCLIP). Its encoder taps patches, "window.2" and "window.3".
 */
export function visualDetector(encoder: Encoder, method: VisualMethod): Detector {
  const { name, kind, settings, scale, maps } = method;
  const { backbone, layouts } = encoder;
  const [grid] = layouts;
  const named = <T>(of: (tap: number) => T) =>
    Object.fromEntries(encoder.taps.map((tap, i) => [`rows.${tap}`, of(i)]));
  return mapDetector({
    ...{ name, kind, encoder, settings },
    texts: async (about) => ({ prototypes: await method.prototypes(classOf(name, about)) }),
    keep: (_, taps) => named((i) => reshape(taps[i], [-1, layouts[i].width])),
    shapes: (views) => ({
      prototypes: [2, backbone.embedDim],
      ...named((i) => [views * patchesOf(layouts[i]), layouts[i].width]),
    }),
    prepare({ prototypes, ...rows }) {
      const banks = Object.values(rows).map((each) => keep(packBank(each)));
      const windows = new Windows(backbone.device, grid);
      return {
        run({ features, taps }): MapOutput {
          const zero = windows.zeroShot({ features, windows: taps.slice(1) }, prototypes, scale);
          if (maps === "text")
            return { score: zero.image, map: onGrid(zero.map, grid), parts: { text: zero.image } };
          const [patches, ...others] = taps.map((tap, i) => nearest(tap, banks[i]));
          const few = windows.fewShot({
            ...{ patches: patches.similarity, windows: others.map(({ similarity }) => similarity) },
          });
          return {
            score: half(zero.image, few.visual),
            map: onGrid(maps === "both" ? half(zero.map, few.map) : few.map, grid),
            parts: { text: zero.image, visual: few.visual },
            matches: { index: patches.index, grid },
          };
        },
        dispose() {
          for (const each of [...banks, windows]) each.dispose();
        },
      };
    },
  });
}

const half = (a: Tensor, b: Tensor): Tensor => mul(add(a, b), 0.5);

/** What the images show. @throws DetectError `class-name` where nobody says it. */
export function classOf(method: string, { className }: FitOptions): string {
  if (className !== undefined) return className;
  throw new DetectError(
    "class-name",
    `${method} asks text what it sees, and nobody says what the images show`,
  );
}
