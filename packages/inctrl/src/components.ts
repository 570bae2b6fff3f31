/** The paper's names of what a score is made of: P the patch residual s_p, I the image residual s_i, T the text score s_a. */
export const COMPONENTS = ["P", "I", "T"] as const;

export type Component = (typeof COMPONENTS)[number];

/** "P,I,T", in any order and case, or a list; undefined for what is neither. */
export function readComponents(given: unknown): readonly Component[] | undefined {
  const named = (Array.isArray(given) ? given : String(given).split(",")).map((part) =>
    String(part).trim().toUpperCase(),
  );
  const known = COMPONENTS.filter((name) => named.includes(name));
  return known.length === named.length ? known : undefined;
}

/** Components as text, in the paper's order. @example componentsText(new Set(["T", "P"])); // "P,T" */
export const componentsText = (components: ReadonlySet<Component>): string =>
  COMPONENTS.filter((name) => components.has(name)).join();
