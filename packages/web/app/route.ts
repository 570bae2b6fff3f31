import { signal } from "@preact/signals";

/** What the page shows: parts on this device, or the line of the service that serves the page. */
export type Route = "parts" | "line";

/** Whether a service serves the page: it says so in the page itself, so that plain files ask for nothing. */
export const hasService = document.querySelector('meta[name="inctrl-service"]') !== null;

const routeOf = (): Route => (hasService && location.hash.startsWith("#line") ? "line" : "parts");

export const route = signal<Route>(routeOf());

addEventListener("hashchange", () => {
  route.value = routeOf();
});
