// What a test run prints: failures and skips at once, progress sparsely, and the counts as the last line.

const SPARSE_MS = 15_000;
const SPARSE_MS_TTY = 250;
/** A file that runs for longer than this is named in the progress line. */
const LONG_WAIT_MS = 10_000;
/** The slowest files are listed after a run of more files than this; shorter runs print a line for each file. */
const FEW = 20;
const SLOWEST = 5;

const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

export class Progress {
  #total;
  #out;
  #now;
  #tty;
  #lastShown;
  #running = new Map();
  /** Files that have run. Those of a process that runs many are judged when it ends. */
  #ran = new Set();
  #done = [];
  #totals = { passed: 0, failed: 0, skipped: 0 };

  /**
   * @param {number} total number of test files
   * @param {{out?: {write(text: string): unknown, isTTY?: boolean}, now?: () => number}} [options]
   */
  constructor(total, { out = process.stdout, now = () => performance.now() } = {}) {
    this.#total = total;
    this.#out = out;
    this.#now = now;
    this.#tty = out.isTTY === true && !process.env.CI;
    this.#lastShown = now();
  }

  /** Notes which file a worker begins. Its verdict comes when the process ends. */
  begin(worker, file) {
    this.end(worker);
    this.#running.set(worker, { file, since: this.#now() });
  }

  /** Notes that a worker runs nothing. */
  end(worker) {
    const before = this.#running.get(worker);
    if (before) this.#ran.add(before.file);
    this.#running.delete(worker);
  }

  /** Counts the verdict on a file and prints what a reader must see of it. */
  judged(file, verdict) {
    const { passed, failed, skipped, problem, notes, output, ms } = verdict;
    this.#done.push({ file, ms });
    this.#ran.add(file);
    for (const key of Object.keys(this.#totals)) this.#totals[key] += verdict[key];
    if (failed || this.#total <= FEW) {
      const counts = [`${passed} passed`, failed && `${failed} failed`, skipped && `${skipped} skipped`];
      const line = `${failed ? "FAIL" : "ok  "} ${file}  ${counts.filter(Boolean).join(", ")}  ${seconds(ms)}`;
      this.#print(problem ? `${line}  (${problem})` : line);
      if (failed) this.#print(output.trimEnd().replace(/^/gm, "     | "));
    }
    if (!failed)
      for (const note of notes) this.#print(this.#total <= FEW ? `     ${note}` : `${note} (${file})`);
  }

  /** Prints the progress line when it is due; called a few times a second. */
  tick() {
    if (this.#total <= FEW && !this.#tty) return;
    if (this.#now() - this.#lastShown < (this.#tty ? SPARSE_MS_TTY : SPARSE_MS)) return;
    this.#lastShown = this.#now();
    this.#out.write(this.#tty ? `\r\x1b[K${this.line().slice(0, 100)}` : `${this.line()}\n`);
  }

  /** Files that ran of all, tests passed and failed by those that are judged, and what has been running for long. */
  line() {
    const { passed, failed } = this.#totals;
    const long = [...this.#running.values()]
      .filter(({ since }) => this.#now() - since > LONG_WAIT_MS)
      .map(({ file, since }) => `${file} (${Math.round((this.#now() - since) / 1000)} s)`);
    const waiting = long.length > 0 ? `; running: ${long.join(", ")}` : "";
    return `${this.#ran.size} of ${this.#total} files, ${passed} passed, ${failed} failed${waiting}`;
  }

  /** Prints the slowest files of a long run and the counts. @returns the exit code. */
  close() {
    const { passed, failed, skipped } = this.#totals;
    if (this.#total > FEW) {
      const slowest = this.#done.sort((a, b) => b.ms - a.ms).slice(0, SLOWEST);
      this.#print(`slowest: ${slowest.map(({ file, ms }) => `${file} ${seconds(ms)}`).join(", ")}`);
    }
    this.#print(`${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ""}`);
    return failed > 0 || passed === 0 ? 1 : 0;
  }

  #print(text) {
    this.#out.write(`${this.#tty ? "\r\x1b[K" : ""}${text}\n`);
  }
}
