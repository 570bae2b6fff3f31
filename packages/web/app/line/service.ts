import type { Scale } from "@inctrl/detect/web";

// How the page talks to the service that serves it: on its own origin alone.

/** Where the token lies until the tab is closed. */
const TOKEN = "inctrl-token";

/** Milliseconds after which no answer is one: of a look, and of what changes a bank, which scores pictures. */
const [PATIENCE_MS, CHANGE_MS] = [15_000, 300_000];

/** A service that does not answer, or says no. */
export class ServiceError extends Error {
  /** 0 where there is no answer. */
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export const tokenOf = (): string | null => sessionStorage.getItem(TOKEN);

export function keepToken(token: string | null): void {
  if (token === null) sessionStorage.removeItem(TOKEN);
  else sessionStorage.setItem(TOKEN, token);
}

/** Addresses are relative, so that a proxy may serve all of it below a path. */
const at = (path: string): URL => new URL(`./v1/${path}`, document.baseURI);

/** Asks the service. @throws ServiceError. */
async function ask(path: string, { signal, ...init }: RequestInit = {}): Promise<Response> {
  const token = tokenOf();
  const headers = { ...init.headers, ...(token && { authorization: `Bearer ${token}` }) };
  const patience = AbortSignal.timeout(init.method === "POST" ? CHANGE_MS : PATIENCE_MS);
  const signals = signal ? AbortSignal.any([signal, patience]) : patience;
  const answer = await fetch(at(path), { ...init, headers, signal: signals, cache: "no-store" }).catch(
    () => null,
  );
  if (!answer) throw new ServiceError(0, "The service does not answer.");
  if (answer.ok) return answer;
  const said = await answer.json().catch(() => null);
  throw new ServiceError(answer.status, said?.error?.message ?? `The service answers ${answer.status}.`);
}

export const getJson = async <T>(path: string, signal?: AbortSignal): Promise<T> =>
  (await ask(path, { signal })).json();

/** A heat map without its legend, and the values at the ends of its colours. */
export async function getMap(path: string, signal?: AbortSignal): Promise<{ blob: Blob; scale: Scale }> {
  const answer = await ask(`${path}?legend=false`, { signal });
  const [low, high] = (answer.headers.get("x-inctrl-scale") ?? "").split(" ").map(Number);
  return { blob: await answer.blob(), scale: { low, high } };
}

export const getBlob = async (path: string, signal?: AbortSignal): Promise<Blob> =>
  (await ask(path, { signal })).blob();

export const postJson = async <T>(path: string, body: object): Promise<T> =>
  (
    await ask(path, {
      ...{ method: "POST", body: JSON.stringify(body) },
      headers: { "content-type": "application/json" },
    })
  ).json();
