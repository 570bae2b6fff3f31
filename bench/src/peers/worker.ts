// A library in a process of its own, so that its globals, devices and crashes do not affect the others. It idles between
// orders, so that only one process computes at a time.
import type { Peer, Prepared, TaskName, Tasks } from "../task.js";
import type { Answer, Order } from "./process.js";

const MODULES: Record<string, () => Promise<Peer>> = {
  ours: async () => (await import("./ours.js")).peer,
  tfjs: async () => (await import("./tfjs.js")).peer,
  "jax-js": async () => (await import("./jax.js")).peer,
  "onnxruntime webgpu": async () => (await import("./onnxruntime.js")).onnxruntime("webgpu"),
  "onnxruntime cpu": async () => (await import("./onnxruntime.js")).onnxruntime("cpu"),
};

const name = process.argv[2];
const loaded = MODULES[name]();
// Reported with the answer to the first order.
loaded.catch(() => {});
const work = new Map<number, Prepared>();

async function obey(order: Order): Promise<Answer["value"]> {
  switch (order.do) {
    case "prepare": {
      const prepared = await make(await loaded, order.task, order.sizes);
      work.set(order.work, prepared);
      return prepared.work ?? null;
    }
    case "run": {
      const prepared = held(order.work);
      const started = performance.now();
      await prepared.run(order.times);
      return (performance.now() - started) / order.times;
    }
    case "output": {
      const values = await held(order.work).output?.();
      if (!values) return null;
      if (values.length !== order.size) throw new Error(`${values.length} values instead of ${order.size}`);
      return Float32Array.from(order.at, (i) => values[i]);
    }
    case "memory":
      return (await held(order.work).memory?.()) ?? null;
    case "dispose":
      await work.get(order.work)?.dispose();
      work.delete(order.work);
      return null;
  }
}

async function make<Name extends TaskName>(peer: Peer, task: Name, sizes: Tasks[Name]): Promise<Prepared> {
  const prepare = peer.tasks[task];
  if (!prepare) throw new Error(`does not do ${task}`);
  return prepare(sizes);
}

const held = (id: number): Prepared => work.get(id) as Prepared;

const answer = (message: Answer) => process.send?.(message);

process.on("message", (order: Order) => {
  obey(order).then(
    (value) => answer({ value }),
    (error: Error) => answer({ value: null, error: error.message.split("\n")[0] }),
  );
});
process.on("disconnect", () => process.exit());
