/**
 * How a line is set anew once parts have drifted, in a line: from pictures that somebody has looked through.
 *
 * @param folders with the pictures; none where nothing keeps them.
 */
export function recalibrationText(bank: string, folders: readonly string[]): string {
  const look =
    folders.length > 0
      ? `look through ${folders.join(" and ")}, take bad ones out`
      : "gather pictures of good parts in a folder";
  const normals = folders.length > 0 ? folders.map(quoted).join(" ") : "FOLDER";
  return `if parts are to look like this from now on, ${look}, and run: inctrl calibrate --bank ${quoted(bank)} --normals ${normals}`;
}

const quoted = (path: string): string =>
  /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
