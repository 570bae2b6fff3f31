import { basename, dirname, parse, resolve } from "node:path";

/**
 * A name for the pictures of each image: its own without the extension, with its folder's before it where several
 * images share one, and a number where that is not enough. The same list gives the same names, whatever fails later.
 *
 * @example
 * pictureNames(["a/1.png", "b/1.png", "b/2.png"]); // ["a-1", "b-1", "2"]
 */
export function pictureNames(images: readonly string[]): string[] {
  const stems = images.map((image) => writable(parse(image).name));
  const shared = repeated(stems);
  const wanted = stems.map((stem, i) => {
    const folder = writable(basename(dirname(resolve(images[i]))));
    return shortened(shared.has(key(stem)) && folder ? `${folder}-${stem}` : stem);
  });
  const taken = new Set<string>();
  return wanted.map((name) => {
    let free = name;
    for (let n = 2; taken.has(key(free)); n++) free = `${name}-${n}`;
    taken.add(key(free));
    return free;
  });
}

/** The name with %E9 for a byte E9 that is no UTF-8. All such bytes would be written alike. */
const writable = (name: string): string =>
  name.replace(/[\udc80-\udcff]/gu, (byte) => `%${(byte.charCodeAt(0) & 0xff).toString(16).toUpperCase()}`);

/** Bytes of a name that every file system takes with a number and an ending (`.heatmap.png`) behind it. */
const MAX_BYTES = 220;

/** A name of at most `MAX_BYTES`: its beginning, cut between letters. */
function shortened(name: string): string {
  if (Buffer.byteLength(name) <= MAX_BYTES) return name;
  let [short, bytes] = ["", 0];
  for (const letter of name) {
    bytes += Buffer.byteLength(letter);
    if (bytes > MAX_BYTES) break;
    short += letter;
  }
  return short;
}

/** Some file systems take upper and lower case for the same. */
const key = (name: string): string => name.toLowerCase();

function repeated(names: readonly string[]): Set<string> {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const name of names.map(key)) (seen.has(name) ? twice : seen).add(name);
  return twice;
}
