import { createHash } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { type Address, listen } from "./listen.js";
import type { RunStatus } from "./status.js";
import type { WorkerState } from "./workers.js";

/** Seconds after which a browser asks for the page again. */
const AGAIN_S = 5;
/** Milliseconds that Redis and the files may take for an answer. */
const PATIENCE_MS = 4000;

const STYLE = `body{font:16px system-ui,sans-serif;margin:2rem;max-width:60rem;color:#222;background:#fff}
progress{width:100%;height:1.2rem}table{border-collapse:collapse;margin-top:1.5rem;width:100%}
th,td{text-align:right;padding:.3rem .6rem;border-bottom:1px solid #ccc}th:first-child,td:first-child{text-align:left}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}}`;

/** What the page may do: nothing but its own style. It has no script: the browser itself asks again. */
export const POLICY = `default-src 'none'; style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** Text within a document. */
const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** Rows of a run in words: images, or the categories of a benchmark. */
export type Rows = (count: number) => string;

/** A run as a page that refreshes itself. */
export function statusPage(status: RunStatus, rows: Rows): string {
  const { run, done, chunks, queue, workers, rate, secondsLeft } = status;
  const remaining = secondsLeft === null ? "time left is not known yet" : `about ${time(secondsLeft)} left`;
  const left = done === chunks ? "ready to be merged" : remaining;
  const counts = [
    `${queue.waiting} waiting`,
    `${queue.active} in work`,
    `${queue.delayed} to be tried again`,
    `${queue.failed} given up`,
  ];
  return document(
    run,
    `<progress value="${done}" max="${chunks}">${done} of ${chunks}</progress>
<p>${done} of ${chunks} chunks of ${escaped(rows(status.images))} done; ${rate.toFixed(1)} a second; ${left}.</p>
<p>Queue: ${counts.join(", ")}.</p>
<table><thead><tr><th>worker</th><th>last chunk</th><th>done</th><th>skipped</th><th>a second</th><th>heard of</th></tr></thead>
<tbody>${workers.map(workerRow).join("\n") || '<tr><td colspan="6">no workers</td></tr>'}</tbody></table>`,
  );
}

const workerRow = ({ id, chunk, images, failed, rate, at }: WorkerState): string => {
  const heard = `${Math.max(0, Math.round((Date.now() - at) / 1000))} s ago`;
  const cells = [id, chunk || "-", String(images), String(failed), rate.toFixed(1), heard];
  return `<tr>${cells.map((cell) => `<td>${escaped(String(cell))}</td>`).join("")}</tr>`;
};

function time(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

const document = (title: string, body: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="${AGAIN_S}">
<meta name="viewport" content="width=device-width"><title>${escaped(title)}</title><style>${STYLE}</style></head>
<body><h1>${escaped(title)}</h1>
${body}
<p>${new Date().toISOString()}, again every ${AGAIN_S} s</p></body></html>
`;

/**
 * Serves a run's state: `/` is a page for people that refreshes itself, `/status.json` the same for programs. Where it cannot be read
 * the answer is 503, and the page still asks again.
 *
 * @param read what the state is at the moment.
 * @throws ClusterError `metrics` where the address cannot be had.
 * @example
 * await using page = await serveStatus(() => statusOf(store, opened), rows, { host: "127.0.0.1", port: 9200 });
 */
export function serveStatus(read: () => Promise<RunStatus>, rows: Rows, address: Address) {
  const state = async (): Promise<RunStatus | null> => {
    const late = setTimeout(PATIENCE_MS, null, { ref: false });
    return await Promise.race([read().catch(() => null), late]);
  };
  return listen(async ({ method, url }, response) => {
    const isJson = url === "/status.json";
    if ((method !== "GET" && method !== "HEAD") || (url !== "/" && !isJson)) {
      response.writeHead(404).end();
      return;
    }
    const status = await state();
    response.writeHead(status ? 200 : 503, {
      "content-type": isJson ? "application/json" : "text/html; charset=utf-8",
      "content-security-policy": POLICY,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cache-control": "no-store",
    });
    const unknown = "Redis, or the run's files, do not answer.";
    if (isJson) response.end(JSON.stringify(status ?? { error: unknown }));
    else response.end(status ? statusPage(status, rows) : document("no answer", `<p>${unknown}</p>`));
  }, address);
}
