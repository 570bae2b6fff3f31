import { computed, signal } from "@preact/signals";
import { plural, said } from "../state.js";
import { getJson, keepToken, postJson, ServiceError } from "./service.js";
import type { Counts, Part, Product, Verdict } from "./types.js";

/** Milliseconds from one look at the service to the next, and while it is away. */
const [LOOK_MS, AWAY_MS] = [3000, 5000];

/** Parts of the list. */
const SHOWN = 60;

export const products = signal<readonly Product[] | null>(null);
export const productName = signal<string | null>(null);
export const parts = signal<readonly Part[]>([]);
export const counts = signal<Counts | null>(null);
/** Parts of this verdict alone; null is all. */
export const filter = signal<Verdict | null>(null);
/** A part that somebody chose; null follows the newest one. It stays when the list goes on without it. */
export const picked = signal<Part | null>(null);
/** What is being done to the bank or a review. */
export const working = signal<string | null>(null);
/** What went wrong when something was done. */
export const trouble = signal<string | null>(null);
/** Why the service tells nothing, and since when; null while it does. */
export const away = signal<{ readonly why: string; readonly since: Date } | null>(null);
/** What is said beside the question for a token; null where none is needed. */
export const tokenAsked = signal<string | null>(null);

export const product = computed(
  () => products.value?.find(({ name }) => name === productName.value) ?? products.value?.[0] ?? null,
);

/** The part that is shown. */
export const shownPart = computed(() => {
  const wanted = picked.value;
  if (!wanted) return parts.value[0] ?? null;
  return parts.value.find((each) => isSame(each, wanted)) ?? wanted;
});

export const isSame = (one: Part, other: Part): boolean => one.part === other.part && one.time === other.time;

/** The address of a product of the service, below `v1/`. */
export const pathOf = ({ name }: Product): string => `products/${encodeURIComponent(name)}`;

export const partPath = (of: Product, { part }: Part): string =>
  `${pathOf(of)}/parts/${encodeURIComponent(part)}`;

let turn = new AbortController();
let timer: ReturnType<typeof setTimeout> | undefined;
let following = false;

/** Looks at the service again and again, one look after another, while the page is seen. @returns what ends it. */
export function follow(): () => void {
  following = true;
  const change = () => (document.hidden ? pause() : lookNow());
  document.addEventListener("visibilitychange", change);
  change();
  return () => {
    following = false;
    document.removeEventListener("visibilitychange", change);
    pause();
  };
}

function pause(): void {
  clearTimeout(timer);
  turn.abort();
}

/** Looks at once, in place of a look that is under way. */
export function lookNow(): void {
  pause();
  if (!following || document.hidden || tokenAsked.value !== null) return;
  turn = new AbortController();
  const { signal } = turn;
  void look(signal).then(() => {
    if (signal.aborted) return;
    clearTimeout(timer);
    timer = setTimeout(lookNow, away.value ? AWAY_MS : LOOK_MS);
  });
}

async function look(signal: AbortSignal): Promise<void> {
  try {
    const all = (await getJson<{ products: Product[] }>("products", signal)).products;
    const one = all.find(({ name }) => name === productName.value) ?? all[0];
    const verdict = filter.value ? `&verdict=${filter.value}` : "";
    const list = one
      ? await getJson<{ parts: Part[]; counts: Counts }>(
          `${pathOf(one)}/parts?limit=${SHOWN}${verdict}`,
          signal,
        )
      : { parts: [], counts: null };
    if (signal.aborted) return;
    if (away.value) said.value = "The service answers again.";
    [products.value, parts.value, counts.value, away.value] = [all, list.parts, list.counts, null];
  } catch (error) {
    if (!signal.aborted) fail(error as Error);
  }
}

/** Keeps in mind why the service told nothing. */
function fail(error: Error): void {
  const status = error instanceof ServiceError ? error.status : 0;
  if (status === 401) {
    tokenAsked.value = "This service needs a token, a line of its --token-file.";
    return;
  }
  if (!away.value) said.value = error.message;
  away.value = { why: error.message, since: away.value?.since ?? new Date() };
}

/** Takes a token and looks whether it is one. */
export async function giveToken(token: string): Promise<void> {
  keepToken(token);
  try {
    await getJson("products");
    tokenAsked.value = null;
    lookNow();
  } catch (error) {
    keepToken(null);
    const wrong = (error as ServiceError).status === 401;
    tokenAsked.value = wrong ? "The service does not know this token." : (error as Error).message;
  }
}

export function chooseProduct(name: string): void {
  [productName.value, picked.value, parts.value, counts.value] = [name, null, [], null];
  lookNow();
}

export function chooseFilter(verdict: Verdict | null): void {
  [filter.value, picked.value, parts.value] = [verdict, null, []];
  lookNow();
}

/** Does something to the service, and says what went wrong. */
async function act(text: string, job: () => Promise<string>): Promise<void> {
  [working.value, trouble.value] = [text, null];
  try {
    said.value = await job();
  } catch (error) {
    if ((error as ServiceError).status === 401) fail(error as Error);
    trouble.value = (error as Error).message;
    said.value = (error as Error).message;
  } finally {
    working.value = null;
    lookNow();
  }
}

/** Says of a part that it is good, or that it is not. The last word counts. */
export const review = (of: Product, part: Part, verdict: "good" | "bad"): Promise<void> =>
  act(`Keeping what you say of ${part.part}`, async () => {
    const told = await postJson<Part>(`${partPath(of, part)}/review`, { verdict });
    parts.value = parts.value.map((each) => (isSame(each, told) ? told : each));
    picked.value = told;
    return `${part.part} is kept as ${verdict === "good" ? "good" : "not good"}.`;
  });

const takeProduct = (told: Product): void => {
  products.value = (products.value ?? []).map((each) => (each.name === told.name ? told : each));
};

/** Makes the next version of the bank, from parts that were confirmed as good. */
export const learn = (of: Product): Promise<void> =>
  act("Learning", async () => {
    const told = await postJson<Product>(`${pathOf(of)}/learn`, {});
    takeProduct(told);
    const images = told.last_change?.images ?? 0;
    return `${plural(images, "part")} learnt; the bank is version ${told.version}.`;
  });

/** Takes back what the bank learnt last. */
export const undo = (of: Product, version: number): Promise<void> =>
  act("Taking it back", async () => {
    const told = await postJson<Product>(`${pathOf(of)}/undo`, { version });
    takeProduct(told);
    return `Version ${version} is taken back; the bank is version ${told.version}.`;
  });
