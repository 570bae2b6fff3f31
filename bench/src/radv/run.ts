import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { open, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { loopBounds } from "../../../packages/tensor/src/kernels/kernel.js";
import type { Planned } from "./kernels.js";
import { type Compiled, readListing } from "./listing.js";
import { probeMainLoop } from "./loops.js";

const call = promisify(execFile);
const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** A kernel as a family's compiler made it. */
export interface RadvRow extends Compiled {
  kernel: string;
  family: string;
  /** Multiply-adds to a load of workgroup memory, in loops; null where there is no such load. */
  perLdsLoad: number | null;
  /** Clocks of the main loop to a multiply-add of an invocation; null where there is no such loop. */
  clocksPerMultiplyAdd: number | null;
}

/** Builds the driver that passes RADV's null device to Dawn; returns its description file. @throws Error without a C compiler. */
export async function buildShim(folder: string): Promise<string> {
  const library = join(folder, "libshim.so");
  const compiler = process.env.CC || "cc";
  await call(compiler, ["-shared", "-fPIC", "-O1", "-Wall", "-o", library, path("shim.c"), "-ldl"]).catch(
    (cause) => {
      throw new Error(`the C compiler "${compiler}" did not build shim.c; install gcc, or name one in CC`, {
        cause,
      });
    },
  );
  const file = join(folder, "icd.json");
  await writeFile(
    file,
    JSON.stringify({
      file_format_version: "1.0.0",
      ICD: { library_path: library, api_version: "1.3.0" },
    }),
  );
  return file;
}

/** Compiles kernels for a family of GPUs. Nothing runs. */
export async function compileFor(
  family: string,
  kernels: readonly Planned[],
  folder: string,
  driver: string,
): Promise<{ compiler: string; rows: RadvRow[] }> {
  const probes = kernels.map(({ kernel }) => probeMainLoop(kernel.code));
  const texts = kernels.map(({ kernel }, k) => [kernel.code, ...(probes[k]?.texts ?? [])]);
  const nameOf = (kernel: number, text: number) => join(folder, `${kernel}-${text}.wgsl`);
  for (const [k, own] of texts.entries())
    for (const [t, code] of own.entries()) await writeFile(nameOf(k, t), `${code}\n${loopBounds(false)}`);
  const files = texts.flatMap((own, k) => own.map((_, t) => nameOf(k, t)));
  const log = join(folder, `${family}.log`);
  const output = await open(log, "w");
  const child = spawn(process.execPath, [...process.execArgv, path("compile.ts"), ...files], {
    // The driver prints megabytes, more than a pipe takes at once.
    stdio: ["ignore", "ignore", output.fd],
    env: {
      ...process.env,
      RADV_FORCE_FAMILY: family,
      RADV_DEBUG: "shaderstats,asm,nocache",
      MESA_SHADER_CACHE_DISABLE: "1",
      VK_DRIVER_FILES: driver,
    },
  });
  const [code] = await once(child, "exit");
  await output.close();
  const printed = await readFile(log, "utf8");
  if (code !== 0)
    throw new Error(`RADV did not compile for "${family}" (exit code ${code}): ${printed.slice(-500)}`);
  const sections = new Map(
    printed.split("\n@@ ").map((section) => {
      const end = section.indexOf("\n");
      return [section.slice(0, end), section.slice(end)];
    }),
  );
  const read = (k: number, t: number) => readListing(sections.get(nameOf(k, t)) ?? "");
  const rows = kernels.flatMap(({ name, multiplyAdds }, k) => {
    if (!sections.has(nameOf(k, 0))) return [];
    const own = read(k, 0);
    const probe = probes[k];
    return {
      kernel: name,
      family,
      ...own,
      perLdsLoad: own.ldsLoads > 0 ? own.multiplyAdds / own.ldsLoads : null,
      clocksPerMultiplyAdd:
        probe &&
        probe.clocksOf(
          probe.texts.map((_, t) => read(k, t + 1).latency),
          own.multiplyAdds >= multiplyAdds,
        ) / multiplyAdds,
    };
  });
  return { compiler: sections.get("adapter")?.trim() ?? "", rows };
}
