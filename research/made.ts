import { provenance, thisMachine } from "../bench/src/report/results.js";

/** Where and when figures were made, as a sentence: the commit, the date and the adapter. */
export async function madeHere(): Promise<string> {
  const { machine } = await thisMachine();
  const { date, commit } = await provenance(machine);
  return `Commit ${commit}, ${date}; ${machine.adapter}.`;
}
