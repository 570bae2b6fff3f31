import type { Box } from "@inctrl/datasets/web";

interface MarksProps {
  readonly width: number;
  readonly height: number;
  readonly regions: readonly Box[];
  readonly patch: Box | null;
}

/** Frames over a picture, in its pixels. */
export function Marks({ width, height, regions, patch }: MarksProps) {
  return (
    <svg viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      {regions.map((box) => (
        <rect key={`${box.x} ${box.y}`} class="region" {...box} />
      ))}
      {patch && <rect class="patch" {...patch} />}
    </svg>
  );
}
