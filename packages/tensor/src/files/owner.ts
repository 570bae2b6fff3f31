import { TensorFileError } from "./error.js";
import { nodeFiles } from "./node-files.js";

// Who made a temporary file or a lock, so that a later run can tell whether its maker is still at work.

/** A process, by its host, its number and its start: `h3x0a9-5z1-2k8f`. */
export const MARK = "[0-9a-z]+-[0-9a-z]+-[0-9a-z]+";

let own: Promise<string> | undefined;

/** The mark of this process. */
export function ownMark(): Promise<string> {
  own ??= (async () => {
    const started = (await startOf(process.pid)) ?? "0";
    return [await hostMark(), process.pid.toString(36), started].join("-");
  })();
  return own;
}

/** The number of a mark's process. */
const numberOf = (mark: string): number => Number.parseInt(mark.split("-")[1], 36);

/** The error for a place that another run writes to. @param holder its mark, where it is known. */
export function locked(place: string, holder: string | null): TensorFileError {
  const who = holder === null ? "another run" : `another run (process ${numberOf(holder)})`;
  return new TensorFileError(
    "locked",
    `${place}: ${who} writes here; wait for its end, or choose another place`,
  );
}

/** Whether the process of a mark still runs; null where it is one of another machine or container, which cannot be seen. */
export async function isRunning(mark: string): Promise<boolean | null> {
  const [host, , start] = mark.split("-");
  if (host !== (await ownMark()).split("-")[0]) return null;
  try {
    process.kill(numberOf(mark), 0);
  } catch (error) {
    // Otherwise it is another user's process.
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  const now = await startOf(numberOf(mark));
  return now === null || now === start;
}

/** Six letters for this machine. Each container has its own: it numbers its processes itself. */
async function hostMark(): Promise<string> {
  const { hostname } = await import("node:os");
  const { createHash } = await import("node:crypto");
  const { readlink } = await nodeFiles("/proc");
  const space = await readlink("/proc/self/ns/pid").catch(() => "");
  return createHash("sha256").update(`${hostname()} ${space}`).digest("hex").slice(0, 6);
}

/** When a process started, in ticks since the machine did; "gone" for one that has ended, null where the system does not tell. */
async function startOf(pid: number): Promise<string | null> {
  const { readFile } = await nodeFiles("/proc");
  const text = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => null);
  if (text === null) return null;
  // The second field is the program's name in brackets, which may hold anything; the 3rd is the state, the 22nd the start.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return /[ZX]/.test(fields[0]) ? "gone" : Number(fields[19]).toString(36);
}
