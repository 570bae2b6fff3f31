import type { RedisOptions } from "ioredis";
import { ClusterError } from "../errors.js";

/** How Redis is reached; `shown` holds no secret. */
export interface RedisPlace {
  readonly shown: string;
  readonly options: RedisOptions;
}

/** Secrets of a connection, read from files or the environment. */
export interface RedisSecrets {
  readonly password?: string;
  /** Certificates of who signs Redis' own, as PEM. */
  readonly ca?: string;
}

/**
 * Takes an address apart: `redis://HOST:PORT/DB`, `rediss://` with TLS, or `unix:/path/to/socket`.
 *
 * @throws ClusterError `redis` for other text, which is not repeated: it may hold a password.
 * @example
 * readRedis("rediss://user@queue.example:6380/1", { password }).shown; // "rediss://queue.example:6380/1"
 */
export function readRedis(address: string, { password, ca }: RedisSecrets = {}): RedisPlace {
  // Workers wait for Redis to come back, however long that takes.
  const waiting = {
    maxRetriesPerRequest: null,
    retryStrategy: (tries: number) => Math.min(tries * 200, 5000),
  };
  const [, socket] = /^unix:(?:\/\/)?(\/.+)$/.exec(address) ?? [];
  if (socket !== undefined)
    return { shown: `unix:${socket}`, options: { ...waiting, path: socket, password } };
  const url = URL.canParse(address) ? new URL(address) : null;
  const [, db = "0"] = /^\/?(\d{0,4})$/.exec(url?.pathname ?? "") ?? ["", "none"];
  if (url === null || !/^rediss?:$/.test(url.protocol) || url.hostname === "" || db === "none")
    throw new ClusterError(
      "redis",
      "the address of Redis: write redis://HOST:6379/0, rediss:// for TLS, or unix:/path/to/socket",
    );
  const port = Number(url.port || 6379);
  const tls = url.protocol === "rediss:" ? { tls: ca === undefined ? {} : { ca } } : {};
  return {
    shown: `${url.protocol}//${url.hostname}:${port}/${Number(db)}`,
    options: {
      ...{ ...waiting, ...tls, host: url.hostname, port, db: Number(db) },
      ...(url.username !== "" && { username: decodeURIComponent(url.username) }),
      ...((password ?? url.password) && { password: password ?? decodeURIComponent(url.password) }),
    },
  };
}

/** Whether an address holds a password, which other users of a machine would see in its list of processes. */
export const hasPassword = (address: string): boolean =>
  URL.canParse(address) && new URL(address).password !== "";
