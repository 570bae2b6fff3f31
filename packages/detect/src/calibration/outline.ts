/** A closed polygon, `x1, y1, x2, y2, ...`, clockwise where y points down. */
export type Polygon = readonly number[];

/** Right, down, left, up: the sides of a cell, clockwise from its upper one. */
const STEPS = [
  [1, 0],
  [0, 1],
  [-1, 0],
  [0, -1],
] as const;

/**
 * The outlines of a set of cells, each a polygon that does not cross or touch itself: cells that only share a corner are apart. Holes are
 * filled.
 *
 * @param has whether a cell belongs to the set.
 * @param columns of the grid.
 * @param rows of the grid.
 * @returns corners as columns and rows, without those on straight lines.
 * @example
 * outlinesOf((x, y) => y === 0 && x < 2, 3, 3); // [[0, 0, 2, 0, 2, 1, 0, 1]]
 */
export function outlinesOf(has: (x: number, y: number) => boolean, columns: number, rows: number): Polygon[] {
  const isIn = (x: number, y: number) => x >= 0 && y >= 0 && x < columns && y < rows && has(x, y);
  /** Whether a side of the set begins at a corner in a direction: the set lies to its right, and not to its left. */
  const isSide = (x: number, y: number, direction: number) => {
    // The cells right and left of each of the four directions, from a corner.
    const [right, left] = [
      [
        [0, 0],
        [0, -1],
      ],
      [
        [-1, 0],
        [0, 0],
      ],
      [
        [-1, -1],
        [-1, 0],
      ],
      [
        [0, -1],
        [-1, -1],
      ],
    ][direction];
    return isIn(x + right[0], y + right[1]) && !isIn(x + left[0], y + left[1]);
  };
  const seen = new Set<number>();
  const keyOf = (x: number, y: number, direction: number) => 4 * (y * (columns + 1) + x) + direction;
  const found: Polygon[] = [];
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      if (!isSide(column, row, 0) || seen.has(keyOf(column, row, 0))) continue;
      const corners: number[] = [];
      let [x, y, direction, area] = [column, row, 0, 0];
      do {
        seen.add(keyOf(x, y, direction));
        const [dx, dy] = STEPS[direction];
        area += x * dy - y * dx;
        [x, y] = [x + dx, y + dy];
        // The sharpest turn to the right keeps to one cell where two share a corner.
        const next = [1, 0, 3]
          .map((turn) => (direction + turn) % 4)
          .find((turn) => isSide(x, y, turn)) as number;
        if (next !== direction) corners.push(x, y);
        direction = next;
      } while (x !== column || y !== row || direction !== 0);
      // A hole is walked the other way round.
      if (area > 0) found.push([...corners.slice(-2), ...corners.slice(0, -2)]);
    }
  return found;
}
