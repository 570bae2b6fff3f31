// Where bundled tests run besides Node.
import { inChromium } from "./chromium.mjs";
import { inDeno } from "./deno.mjs";
import { inFirefox } from "./firefox.mjs";

/**
 * Opens an engine, runs a job there, and closes it. The job is given a function that runs a module's text and gives what it printed.
 *
 * @callback Engine
 * @param {number} limitMs how long a script may take.
 * @param {(run: (script: string) => Promise<string>) => Promise<void>} job
 * @returns {Promise<void>}
 */

/** @type {Readonly<Record<string, Engine>>} */
export const ENGINES = { chromium: inChromium, firefox: inFirefox, deno: inDeno };
