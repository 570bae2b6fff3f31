/**
 * Undoes PNG's filter of one row in place (PNG specification, section 9).
 *
 * @param above the row above, as it is after its own filter; zeros above the first one.
 * @param pixelBytes bytes from a value to its left neighbour.
 * @returns false for an unknown filter type.
 */
export function unfilter(filter: number, row: Uint8Array, above: Uint8Array, pixelBytes: number): boolean {
  switch (filter) {
    case 0:
      return true;
    case 1:
      for (let i = pixelBytes; i < row.length; i++) row[i] = row[i] + row[i - pixelBytes];
      return true;
    case 2:
      for (let i = 0; i < row.length; i++) row[i] = row[i] + above[i];
      return true;
    case 3:
      for (let i = 0; i < row.length; i++) {
        const left = i < pixelBytes ? 0 : row[i - pixelBytes];
        row[i] = row[i] + ((left + above[i]) >> 1);
      }
      return true;
    case 4:
      unfilterPaeth(row, above, pixelBytes);
      return true;
    default:
      return false;
  }
}

/** Filter 4: the prediction is the neighbour (left, above or upper left) nearest to left + above - upper left. */
function unfilterPaeth(row: Uint8Array, above: Uint8Array, pixelBytes: number): void {
  for (let i = 0; i < row.length; i++) {
    const left = i < pixelBytes ? 0 : row[i - pixelBytes];
    const corner = i < pixelBytes ? 0 : above[i - pixelBytes];
    const up = above[i];
    const toLeft = Math.abs(up - corner);
    const toUp = Math.abs(left - corner);
    const toCorner = Math.abs(left + up - 2 * corner);
    const guess = toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner;
    row[i] = row[i] + guess;
  }
}
