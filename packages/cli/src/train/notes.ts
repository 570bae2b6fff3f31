import { info } from "../ui/log.js";

// What every verb that trains says of its run.

/** Says where a run begins: after the step of a checkpoint, or at the beginning although `--resume` asked for one. */
export function noteStart(resumed: number | null, { out, resume }: { out: string; resume: boolean }): void {
  if (resumed !== null) info(`going on after step ${resumed}`);
  else if (resume) info(`${out}: no checkpoint yet, so this run starts at the beginning`);
}

/** Says how a stopped run goes on. */
export const noteStop = (step: number): void =>
  info(`stopped after step ${step}; the same command with --resume goes on from there`);
