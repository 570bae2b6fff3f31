// Numbers and blocks of text as people read them.

/** Seconds as people read them: "0.8 s", "42 s", "3 min 20 s", "2 h 5 min". */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** Bytes as people read them: "834 MB". */
export function size(bytes: number): string {
  if (bytes < 1e3) return `${bytes} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`;
  if (bytes < 1e9) return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
  return `${(bytes / 1e9).toFixed(2)} GB`;
}

/** "208.4 M" */
export const millions = (n: number): string => `${(n / 1e6).toFixed(1)} M`;

/** A score with four decimals, without the sign of "-0.0000". */
export function fixed(value: number): string {
  return value.toFixed(4).replace(/^-(0\.0*)$/, "$1");
}

/** At most so many entries of a list, and "and 12 more" of what it lists where there are others. */
export const listed = (entries: readonly string[], most: number, noun = ""): string[] =>
  entries.length > most
    ? [...entries.slice(0, most), `and ${entries.length - most} more ${noun}`.trimEnd()]
    : [...entries];

/** Indents a block of text by two spaces. */
export const indent = (text: string): string => text.replace(/^(?=.)/gm, "  ");
