// Writes docs/features.md: every op with the element types it takes, whether it has a gradient, and where it runs, from the
// ops' own definitions.
//
//   npm run docs:features
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const PAGE = fileURLToPath(new URL("../../docs/features.md", import.meta.url));

const TYPES = ["float32", "float16", "int32", "uint32", "bool"];

/** Whether an op takes values of a type; indices are not counted. float16 is widened where float32 is taken. */
function takes({ takes }, type) {
  const lists = Array.isArray(takes)
    ? [takes]
    : Object.entries(takes).flatMap(([input, list]) => (input === "indices" ? [] : [list]));
  const listed = (one) => lists.some((list) => list.includes(one));
  return lists.length === 0 || listed(type) || (type === "float16" && listed("float32"));
}

function gradient({ vjp, onTape }) {
  if (vjp === null) return "none";
  return vjp || onTape ? "yes" : "no";
}

/** Ops by name, with their definitions. */
export async function loadOps() {
  const exported = await import("@inctrl/tensor");
  return Object.values(exported)
    .filter((op) => typeof op === "function" && "definition" in op)
    .map(({ definition }) => definition)
    .sort((a, b) => a.name.localeCompare(b.name));
}

/** The page as Markdown. */
export async function featuresPage() {
  const ops = await loadOps();
  const rows = ops.map((op) => {
    const types = TYPES.map((type) => (takes(op, type) ? "✓" : ""));
    return `| \`${op.name}\` | ${types.join(" | ")} | ${gradient(op)} | ✓ |`;
  });
  return `# Features

Written by \`npm run docs:features\` from the definitions of the ops in \`@inctrl/tensor\`.

An op takes tensors of the marked types; arithmetic widens float16 to float32. Its gradient is \`yes\`, \`none\` where it is zero
wherever it exists (comparisons, rounding, indices), or \`no\`. Every op runs in Node and in browsers with WebGPU.

| op | ${TYPES.join(" | ")} | gradient | browser |
| --- | ${TYPES.map(() => ":-:").join(" | ")} | --- | :-: |
${rows.join("\n")}
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(PAGE, await featuresPage());
