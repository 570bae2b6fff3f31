import { ClusterError } from "../errors.js";

/** One of several shares of a run; `index` counts from 0. */
export interface Shard {
  readonly index: number;
  readonly of: number;
}

/** Shares that a run may have. */
const MAX_SHARDS = 100_000;

/**
 * The share that a text and the scheduler's environment name: `3/8` is the third of eight; `auto` is that of a Slurm array's task
 * (SLURM_ARRAY_TASK_ID, _MIN, _STEP and _COUNT); `auto/8` that of a Kubernetes Indexed Job with 8 completions (JOB_COMPLETION_INDEX), or of
 * a Slurm array.
 *
 * @throws ClusterError `shard`.
 * @example
 * readShard("auto", { SLURM_ARRAY_TASK_ID: "5", SLURM_ARRAY_TASK_MIN: "1", SLURM_ARRAY_TASK_COUNT: "8" }); // { index: 4, of: 8 }
 */
export function readShard(text: string, env: Readonly<Record<string, string | undefined>>): Shard {
  const refuse = (why: string) => new ClusterError("shard", `shard ${text}: ${why}`);
  const [, which, many] = /^(auto|[1-9]\d{0,5})(?:\/([1-9]\d{0,5}))?$/.exec(text) ?? [];
  if (which === undefined) throw refuse("write 3/8 for the third of eight, auto in a Slurm array, or auto/8");
  const given = many === undefined ? undefined : Number(many);
  const { index, of } = which === "auto" ? fromEnv(env, refuse) : { index: Number(which) - 1, of: undefined };
  const count = given ?? of;
  if (count === undefined) throw refuse("how many there are is not known; add it, as in auto/8 or 3/8");
  if (given !== undefined && of !== undefined && given !== of)
    throw refuse(`the scheduler has ${of} tasks; write auto`);
  if (index >= count || count > MAX_SHARDS)
    throw refuse(`there are shards 1 to ${Math.min(count, MAX_SHARDS)}`);
  return { index, of: count };
}

function fromEnv(env: Readonly<Record<string, string | undefined>>, refuse: (why: string) => ClusterError) {
  const number = (name: string): number | undefined => {
    const value = env[name];
    if (value === undefined || value === "") return undefined;
    if (!/^\d{1,9}$/.test(value)) throw refuse(`${name} is ${JSON.stringify(value.slice(0, 20))}, no number`);
    return Number(value);
  };
  const task = number("SLURM_ARRAY_TASK_ID");
  if (task !== undefined) {
    const from = number("SLURM_ARRAY_TASK_MIN") ?? 0;
    const step = number("SLURM_ARRAY_TASK_STEP") ?? 1;
    const index = (task - from) / Math.max(1, step);
    if (!Number.isInteger(index) || index < 0)
      throw refuse(`task ${task} is none of the array that begins at ${from} in steps of ${step}`);
    return { index, of: number("SLURM_ARRAY_TASK_COUNT") };
  }
  const index = number("JOB_COMPLETION_INDEX");
  if (index === undefined)
    throw refuse(
      "neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX is set; write 3/8 for the third of eight",
    );
  return { index, of: undefined };
}
