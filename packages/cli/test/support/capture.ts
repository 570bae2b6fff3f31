/** What a command left behind. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a job and keeps its writes to stdout and stderr instead of showing them. Neither looks like a terminal. */
export async function captured(job: () => Promise<number>): Promise<Outcome> {
  const out = capture(process.stdout);
  const err = capture(process.stderr);
  try {
    const code = await job();
    return { code, stdout: out.text(), stderr: err.text() };
  } finally {
    out.release();
    err.release();
  }
}

function capture(stream: NodeJS.WriteStream): { text(): string; release(): void } {
  const { write, isTTY } = stream;
  let text = "";
  stream.isTTY = false;
  stream.write = (chunk: string | Uint8Array, ...rest: unknown[]) => {
    text += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
    const done = rest.find((each) => typeof each === "function");
    if (done) queueMicrotask(() => done(null));
    return true;
  };
  const release = () => Object.assign(stream, { write, isTTY });
  return { text: () => text, release };
}

/** Runs a job with other values of environment variables. */
export async function withEnv<T>(env: Readonly<Record<string, string>>, job: () => Promise<T>): Promise<T> {
  const before = Object.keys(env).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, env);
  try {
    return await job();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}
