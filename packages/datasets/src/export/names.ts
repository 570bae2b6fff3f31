/** Gives each file or folder a name of its own that every operating system accepts. Case does not make names differ. */
export class FreeNames {
  readonly #taken = new Set<string>();

  /** The wanted name, made safe, with a number added where it is taken. */
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

/** A name without separators, control characters, leading dots, and names that Windows reserves. */
function safeName(wanted: string): string {
  const plain = wanted
    .normalize("NFC")
    .replace(/[^\p{L}\p{N} .,_+()-]/gu, "_")
    .replace(/^[. ]+|[. ]+$/g, "")
    .slice(-120);
  return plain === "" || /^(con|prn|aux|nul|com\d|lpt\d)$/i.test(plain) ? `_${plain}` : plain;
}
