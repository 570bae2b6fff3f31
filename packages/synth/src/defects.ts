/** Kinds of defects; each class or family has some of them. */
export type DefectKind =
  | "scratch"
  | "crack"
  | "hole"
  | "stain"
  | "dent"
  | "contamination"
  | "misweave"
  | "pull"
  | "missing"
  | "bent"
  | "misprint"
  | "fold"
  | "discolouration"
  | "chip";

type Words<S extends string> = S extends `${infer First} ${infer Rest}` ? First | Words<Rest> : S;

/** A long list of kinds, with spaces between: `kinds("scratch crack")`. */
export const kinds = <S extends string>(text: S): readonly Words<S>[] => text.split(" ") as Words<S>[];
