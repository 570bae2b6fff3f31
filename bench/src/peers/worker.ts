// A library in a process of its own, so that its globals, devices and crashes do not affect the others. It idles between
// orders, and answers a run when all its threads have stopped, so that only one process computes at a time.
import { operandsOf } from "../data.js";
import { processTime } from "../load.js";
import { untilQuiet } from "../quiet.js";
import type { Prepared, TaskName, Tasks } from "../task.js";
import { PEERS } from "./index.js";
import type { Answer } from "./process.js";

const loaded = PEERS[process.argv[2]].load();
// Reported with the answer to the first order.
loaded.catch(() => {});
const prepared = new Map<number, Prepared>();
const workOf = (id: number): Prepared => prepared.get(id) as Prepared;

/** The methods of `PeerWork`, for the work with this number. */
const orders: Record<string, (id: number, ...given: never[]) => unknown> = {
  async prepare<Name extends TaskName>(id: number, task: Name, sizes: Tasks[Name]) {
    const make = (await loaded).tasks[task];
    if (!make) throw new Error(`does not do ${task}`);
    const work = await make(sizes, operandsOf(task, sizes));
    prepared.set(id, work);
    return work.work;
  },

  async run(id, times: number) {
    const started = performance.now();
    await workOf(id).run(times);
    const ms = (performance.now() - started) / times;
    await untilQuiet();
    return ms;
  },

  async output(id, at: Uint32Array, size: number) {
    const values = await workOf(id).output?.();
    if (!values) return undefined;
    if (values.length !== size) throw new Error(`${values.length} values instead of ${size}`);
    return Float32Array.from(at, (i) => values[i]);
  },

  memory: (id) => workOf(id).memory?.(),

  async dispose(id) {
    await prepared.get(id)?.dispose();
    prepared.delete(id);
  },
};

process.on("message", async ([method, id, ...given]: [string, number, ...never[]]) => {
  const answer = (message: Omit<Answer, "processorMs">) =>
    process.send?.({ ...message, processorMs: processTime() });
  try {
    answer({ value: await orders[method](id, ...given) });
  } catch (error) {
    answer({ error: (error as Error).message.split("\n")[0] });
  }
});
process.on("disconnect", () => process.exit());
