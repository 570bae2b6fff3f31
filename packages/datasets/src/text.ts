/** The same text on one line without control characters, since file names and foreign messages may hold anything. */
export function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ").trim();
}

/** "1 image", "2 images", "3 categories". */
export function count(n: number, one: string, several = `${one}s`): string {
  return `${n} ${n === 1 ? one : several}`;
}
