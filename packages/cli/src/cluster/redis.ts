import { hasPassword, type OpenedQueue, openQueue, type RedisPlace, readRedis } from "@inctrl/cluster/queue";
import { readPlainText } from "@inctrl/tensor/files";
import { CliError } from "../errors.js";
import { warn } from "../ui/log.js";

/** Bytes of a file with a password or certificates. */
const SECRET_BYTES = 1e6;

/** Where Redis is: by --redis or INCTRL_REDIS, its secrets from the environment or files that it names. */
export async function redisPlace(option: string | undefined): Promise<RedisPlace> {
  if (option !== undefined && hasPassword(option))
    throw new CliError(
      "option",
      "--redis holds a password, which every user of this machine could read; put it into INCTRL_REDIS_PASSWORD, or into a file that INCTRL_REDIS_PASSWORD_FILE names",
    );
  const { INCTRL_REDIS, INCTRL_REDIS_PASSWORD, INCTRL_REDIS_PASSWORD_FILE, INCTRL_REDIS_CA } = process.env;
  const address = option ?? INCTRL_REDIS;
  if (address === undefined)
    throw new CliError(
      "option",
      "where Redis is, is not said; add --redis redis://HOST:6379, or set INCTRL_REDIS",
    );
  const file = INCTRL_REDIS_PASSWORD_FILE;
  const password =
    INCTRL_REDIS_PASSWORD ?? (file && (await readPlainText(file, SECRET_BYTES)).replace(/\r?\n$/, ""));
  const ca = INCTRL_REDIS_CA ? await readPlainText(INCTRL_REDIS_CA, SECRET_BYTES) : undefined;
  return readRedis(address, { ...(password && { password }), ...(ca && { ca }) });
}

export const queueOf = async (option: string | undefined): Promise<OpenedQueue> =>
  openQueue(await redisPlace(option), warn);
