/**
 * Undoes PNG's row filters in place over `rows` rows of one filter byte and `rowBytes` bytes each (PNG
 * specification, section 9). @returns false for an unknown filter type.
 */
export function unfilter(packed: Uint8Array, rows: number, rowBytes: number, pixelBytes: number): boolean {
  const stride = rowBytes + 1;
  let above: Uint8Array = new Uint8Array(rowBytes);
  for (let r = 0; r < rows; r++) {
    const row = packed.subarray(r * stride + 1, (r + 1) * stride);
    switch (packed[r * stride]) {
      case 0:
        break;
      case 1:
        for (let i = pixelBytes; i < rowBytes; i++) row[i] = row[i] + row[i - pixelBytes];
        break;
      case 2:
        for (let i = 0; i < rowBytes; i++) row[i] = row[i] + above[i];
        break;
      case 3:
        for (let i = 0; i < rowBytes; i++) {
          const left = i < pixelBytes ? 0 : row[i - pixelBytes];
          row[i] = row[i] + ((left + above[i]) >> 1);
        }
        break;
      case 4:
        unfilterPaeth(row, above, pixelBytes);
        break;
      default:
        return false;
    }
    above = row;
  }
  return true;
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
