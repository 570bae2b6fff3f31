import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parse } from "yaml";
import { writeBank } from "../support/bank.js";
import { cli, ROOT, temporaryFolder } from "../support/cli.js";
import { writeImages } from "../support/model.js";

const test = suite("docs/cluster.md", temporaryFolder());
test.after(({ remove }) => remove());
const page = readFileSync(join(ROOT, "docs/cluster.md"), "utf8");

/** The blocks of a language, in order. */
const blocks = (language: string): string[] =>
  [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
    .filter(([, own]) => own === language)
    .map(([, , text]) => text);

const block = (language: string, words: string): string => {
  const found = blocks(language).filter((text) => text.includes(words));
  assert.is(found.length, 1, `one ${language} block with ${words}`);
  return found[0];
};

test("every shell block is bash, and its commands have the options that they name", async () => {
  for (const text of blocks("sh")) {
    const { status, stderr } = spawnSync("bash", ["-n"], { input: text, encoding: "utf8" });
    assert.is(status, 0, `${stderr}\n${text}`);
    const lines = text.split("\n").map((line) => line.replace(/ +# .*/, "").replace(/^srun /, ""));
    for (const line of lines.filter((each) => each.startsWith("inctrl "))) {
      const [, verb, second = ""] = line.split(" ");
      const verbs = second.startsWith("-") ? [verb] : [verb, second];
      const { stdout } = await cli([...verbs, "--help"]);
      for (const [option] of line.matchAll(/--[a-z-]+/g)) assert.match(stdout, option, `${line}: ${option}`);
    }
  }
});

test("the Slurm script, run as an array's tasks, scores the whole run", async ({ folder }) => {
  const at = (name: string) => join(folder, name);
  const { model, bank } = await writeBank(folder);
  writeFileSync(at("archive.txt"), writeImages(at("archive"), 5).join("\n"));
  // What the script calls is kept, and then called in this process, which saves two of them.
  const bin = at("bin");
  mkdirSync(bin);
  for (const [name, text] of Object.entries({
    srun: '#!/bin/bash\nexec "$@"\n',
    inctrl: "#!/bin/bash\nprintf '%s\\n' \"$@\"\n",
  })) {
    writeFileSync(join(bin, name), text);
    chmodSync(join(bin, name), 0o755);
  }
  const script = block("sh", "#SBATCH");
  const [, first, last] = /--array=(\d+)-(\d+)/.exec(script) ?? [];
  assert.equal([first, last], ["0", "15"]);
  // As Slurm sets them for an array of two tasks.
  for (const task of ["0", "1"]) {
    const env = {
      ...{ SLURM_ARRAY_TASK_ID: task, SLURM_ARRAY_TASK_MIN: "0", SLURM_ARRAY_TASK_MAX: "1" },
      ...{ SLURM_ARRAY_TASK_COUNT: "2", SLURM_ARRAY_TASK_STEP: "1" },
    };
    const { stdout, status } = spawnSync("bash", ["-c", script], {
      ...{
        cwd: folder,
        encoding: "utf8",
        env: { ...process.env, ...env, PATH: `${bin}:${process.env.PATH}` },
      },
    });
    assert.is(status, 0);
    const args = stdout
      .trimEnd()
      .split("\n")
      .map((each) =>
        each === "/shared/runs"
          ? at("runs")
          : each.startsWith("archive.") || each.startsWith("part.")
            ? at(each)
            : each,
      );
    const scored = await cli([...args, ...model, "--chunk", "1"], { env });
    assert.is(scored.code, 0, scored.stderr);
  }
  const run = ["--run", "archive", "--runs", at("runs")];
  const merged = await cli(["cluster", "merge", ...run, "--out", "-"]);
  assert.is(merged.code, 0, merged.stderr);
  const whole = await cli([
    "score",
    ...model,
    "--bank",
    bank,
    "--images",
    at("archive"),
    "--format",
    "jsonl",
  ]);
  assert.is(merged.stdout, whole.stdout);
});

test("the Kubernetes Job is indexed, counts its shards once, and mounts what it has", () => {
  const { kind, apiVersion, spec } = parse(block("yaml", "completionMode"));
  assert.equal([kind, apiVersion, spec.completionMode], ["Job", "batch/v1", "Indexed"]);
  const { restartPolicy, containers, volumes, terminationGracePeriodSeconds } = spec.template.spec;
  // What limits of an index ask for.
  assert.is(restartPolicy, "Never");
  assert.ok(spec.parallelism <= spec.completions && spec.backoffLimitPerIndex > 0);
  assert.ok(terminationGracePeriodSeconds >= 60, "a chunk's time");
  const [{ args, volumeMounts, command }] = containers;
  assert.equal(command, ["sh", "-c"]);
  assert.match(args[0], `--shard auto/${spec.completions} `);
  assert.is(spawnSync("sh", ["-n"], { input: args[0] }).status, 0);
  const names = volumes.map(({ name }: { name: string }) => name);
  for (const { name, mountPath } of volumeMounts) {
    assert.ok(names.includes(name));
    assert.match(args[0], `${mountPath}/`);
  }
});

test("the compose file's services and volumes are there, and its Redis loses nothing", () => {
  const { services, volumes } = parse(block("yaml", "services:"));
  for (const [name, service] of Object.entries<Record<string, unknown>>(services)) {
    for (const other of (service.depends_on as string[]) ?? [])
      assert.ok(services[other], `${name}: ${other}`);
    for (const mount of (service.volumes as string[]) ?? []) {
      const [from] = mount.split(":");
      assert.ok(from.startsWith("./") || from in volumes, `${name}: ${mount}`);
    }
  }
  const { redis, worker } = services;
  assert.match(redis.command, /--appendonly yes --maxmemory-policy noeviction/);
  assert.match(worker.environment.INCTRL_REDIS, "redis://redis:");
  assert.match(worker.command, /^inctrl cluster worker /);
  assert.is(worker.deploy.replicas, 2);
});

test.run();
