import { execFile } from "node:child_process";

/**
 * Tells systemd that a service is ready or stopping, and that it is alive for as long as `isAlive` says so. Does nothing where systemd did
 * not start the process. Node opens no datagram sockets of Unix, so that `systemd-notify` of systemd itself sends the message; the unit
 * needs `NotifyAccess=all`.
 *
 * @returns what says that the service stops.
 */
export function notifySystemd(isAlive: () => boolean, env: NodeJS.ProcessEnv = process.env): () => void {
  if (!env.NOTIFY_SOCKET) return () => {};
  const tell = (...words: string[]) => void execFile("systemd-notify", words, { env }, () => {});
  tell("--ready");
  const micros = Number(env.WATCHDOG_USEC);
  const beat = () => {
    if (isAlive()) tell("WATCHDOG=1");
  };
  const timer = micros > 0 ? setInterval(beat, micros / 1000 / 3) : undefined;
  timer?.unref();
  return () => {
    clearInterval(timer);
    tell("STOPPING=1");
  };
}
