import { inferno, type PlacedMap, type Scale } from "@inctrl/detect/web";

const COLOURS = Array.from({ length: 10 }, (_, i) => `rgb(${inferno(i / 9).join()})`);
const BAR = { background: `linear-gradient(90deg, ${COLOURS.join()})` };

/** What the colours of a heat map say. @param value what is under the pointer. */
export function Legend({ low, high, value }: Scale & { readonly value?: number }) {
  return (
    <p class="legend">
      <span>{low.toFixed(3)}</span>
      <span class="bar" style={BAR} aria-hidden="true" />
      <span>{high.toFixed(3)}</span>
      {value !== undefined && <b>{value.toFixed(3)} here</b>}
    </p>
  );
}

/** The value of a map at a place of its photo, both from 0 to 1; undefined where nothing was seen. */
export function valueAt(
  { map: { rows, columns, values }, box }: PlacedMap,
  photo: { readonly width: number; readonly height: number },
  x: number,
  y: number,
): number | undefined {
  const column = Math.floor(((x * photo.width - box.x) / box.width) * columns);
  const row = Math.floor(((y * photo.height - box.y) / box.height) * rows);
  return column >= 0 && row >= 0 && column < columns && row < rows
    ? values[row * columns + column]
    : undefined;
}
