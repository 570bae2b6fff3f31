/** The name of the loop over the inner size or the keys, in kernels that have one. */
const MAIN = /for \(var k0 =/;
/**
 * Loops in it that run a known number of times: `for (var e = lid; e < Nu; e += Tu)`,
 * `for (var kk = 0u; kk < rolled(Nu, u.k); kk += Su)` (or `min(Nu, ...)`),
 * and the loops over a full block of keys.
 */
const KNOWN =
  /for \(var (?:e = lid; e < (?:rolled\()?(\d+)u(?:, u\.tk\))?; e \+= (\d+)u\)|kk = 0u; kk < (?:rolled|min)\((\d+)u, [^)]+\); kk(?:\+\+| \+= (\d+)u)\)|j = 0u; j < (?:count|rolled\(\d+u, u\.tk\)); j\+\+\))/g;
const KEYS = 16;

/** How ACO weighs a block by the loops around it: 8 in one, 32 in two, twice as much for each further one. Found by wrapping a known block. */
const weightOf = (depth: number): number => (depth < 2 ? 8 ** depth : 2 ** (3 + depth));
/** A loop counts this often for every run of the one around it, from the second on. */
const NESTED = 2;
/** Texts of a kernel with its loops inside further ones, and what their latencies tell. */
export interface Probe {
  readonly texts: readonly string[];
  /** Clocks of one turn of the main loop, from the latencies of the texts. `unrolled`: the compiler has unrolled the loops over k in it. */
  clocksOf(latencies: readonly number[], unrolled: boolean): number;
}

/**
 * How the latency of a kernel's main loop is found; null where it has none. The compiler tells the latency of the whole, as the sum of its
 * blocks, each weighed by the loops around it. Each loop put around the main loop adds its latency a known number of times. Loops within
 * that run a known number of times are counted as often.
 */
export function probeMainLoop(code: string): Probe | null {
  const main = code.search(MAIN);
  if (main === -1) return null;
  const end = endOf(code, main);
  const depth =
    1 + [...code.matchAll(/for \(/g)].filter((at) => at.index < main && endOf(code, at.index) > end).length;
  const wraps = Math.max(0, 2 - depth);
  const inner = [...code.matchAll(KNOWN)]
    .filter(({ index }) => index > main && index < end)
    .map(({ index, 1: elements, 2: threads, 3: values, 4: together = 1 }) => ({
      index,
      overK: values !== undefined,
      turns: Math.ceil(Number(elements ?? values ?? KEYS) / Number(threads ?? together)),
    }));
  const texts = [
    wrapped(code, main, wraps),
    wrapped(code, main, wraps + 1),
    code,
    ...inner.map(({ index }) => wrapped(code, index, 1)),
  ];
  const clocksOf = ([few, more, own, ...nested]: readonly number[], unrolled: boolean): number => {
    const whole = (more - few) / weightOf(depth + wraps);
    return inner.reduce((sum, { turns, overK }, i) => {
      if (overK && unrolled) return sum;
      return sum + ((turns - NESTED) * (nested[i] - own)) / weightOf(depth + 1);
    }, whole);
  };
  return { texts, clocksOf };
}

/** The text with the loop at `start` inside others that the compiler cannot see through. */
function wrapped(code: string, start: number, times: number): string {
  const end = endOf(code, start);
  const open = Array.from(
    { length: times },
    (_, i) => `for (var w${i} = 0u; w${i} < groups.x + 1u; w${i}++) { `,
  );
  return `${code.slice(0, start)}${open.join("")}${code.slice(start, end)}${" }".repeat(times)}${code.slice(end)}`;
}

/** Where the braces of the statement at `start` close. */
function endOf(code: string, start: number): number {
  let depth = 0;
  for (let i = code.indexOf("{", start); i < code.length; i++) {
    if (code[i] === "{") depth++;
    else if (code[i] === "}" && --depth === 0) return i + 1;
  }
  throw new Error(`the loop at ${start} of the kernel's text does not end`);
}
