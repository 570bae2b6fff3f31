import { connect, type Socket } from "node:net";

// How tests talk to a service under test.

/** Where a service listens. */
export interface Reached {
  readonly address: string;
}

/** Headers. */
type Extra = Readonly<Record<string, string>>;

/** Posts a picture or a form to `/v1/products/...`. */
export async function post(
  { address }: Reached,
  where: string,
  body: Uint8Array | FormData,
  headers: Extra = {},
) {
  const sent = new Headers(headers);
  if (!(body instanceof FormData || sent.has("content-type"))) sent.set("content-type", "image/png");
  const init = { method: "POST", body: body as BodyInit, headers: sent };
  const response = await fetch(`${address}/v1/products/${where}`, init);
  return { status: response.status, headers: response.headers, answer: await response.json() };
}

/** Gets JSON. */
export async function get({ address }: Reached, where: string, headers: Extra = {}) {
  const response = await fetch(`${address}${where}`, { headers });
  return { status: response.status, headers: response.headers, answer: await response.json() };
}

/** The values of metrics, named as in the text form; 0 for one that is not there. */
export async function metrics({ address }: Reached, names: readonly string[], headers: Extra = {}) {
  const lines = (await (await fetch(`${address}/metrics`, { headers })).text()).split("\n");
  return names.map((name) => {
    const line = lines.find((each) => each.startsWith(`${name} `));
    return line === undefined ? 0 : Number(line.slice(name.length + 1));
  });
}

/** The value of a metric. */
export const metric = async (served: Reached, name: string, headers: Extra = {}): Promise<number> =>
  (await metrics(served, [name], headers))[0];

/** A connection that has sent a head and the beginning of its body. */
export function halfRequest({ address }: Reached, where: string, headers: Extra = {}): Socket {
  const { host, hostname, port } = new URL(address);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => {});
  const all = { host, "content-type": "image/png", "content-length": "1000", ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`POST /v1/products/${where} HTTP/1.1\r\n${lines.join("")}\r\nthe beginning`);
  return socket;
}

/** Waits until something is so, for 10 seconds at most. */
export async function until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + 10_000;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`${what}: not within 10 s`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
