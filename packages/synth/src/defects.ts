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
