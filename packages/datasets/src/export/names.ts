/** Names for files and folders that any system takes, each given once in its folder, whatever case it is in. */
export class FreeNames {
  readonly #taken = new Set<string>();

  /** The wanted name, or one like it that is free. */
  take(wanted: string): string {
    const name = safeName(wanted);
    for (let n = 1; ; n++) {
      const tried = n === 1 ? name : `${name}-${n}`;
      if (this.#taken.has(tried.toLowerCase())) continue;
      this.#taken.add(tried.toLowerCase());
      return tried;
    }
  }
}

/** A name without separators, control characters, leading dots, or what Windows does not take. */
function safeName(wanted: string): string {
  const plain = wanted
    .normalize("NFC")
    .replace(/[^\p{L}\p{N} .,_+()-]/gu, "_")
    .replace(/^[. ]+|[. ]+$/g, "")
    .slice(-120);
  return plain === "" || /^(con|prn|aux|nul|com\d|lpt\d)$/i.test(plain) ? `_${plain}` : plain;
}
