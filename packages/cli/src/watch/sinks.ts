import { mqtt, type Sink, webhook } from "@inctrl/server";
import { readPlainText } from "@inctrl/tensor/files";
import type { WatchSettings } from "../commands/watch.js";
import { CliError } from "../errors.js";

type SinkOptions = Pick<WatchSettings, "webhook" | "webhookSecret" | "mqtt" | "mqttLogin" | "mqttCa">;

/** The largest file with a secret or a certificate. */
const MAX_BYTES = 1e6;

/** The sinks that were asked for, with their secrets from files. */
export async function sinksOf(options: SinkOptions): Promise<Sink[]> {
  const { webhook: hook, webhookSecret, mqtt: broker, mqttLogin, mqttCa } = options;
  if (webhookSecret !== undefined && hook === undefined)
    throw new CliError("option", "--webhook-secret is for --webhook; add it, or leave both out");
  const forBroker = { "--mqtt-login": mqttLogin, "--mqtt-ca": mqttCa };
  const stray = Object.entries(forBroker).find(([, value]) => value !== undefined)?.[0];
  if (stray && broker === undefined)
    throw new CliError("option", `${stray} is for --mqtt; add it, or leave both out`);
  const sinks: Sink[] = [];
  if (hook !== undefined) sinks.push(webhook({ url: hook, secret: await firstLine(webhookSecret) }));
  if (broker !== undefined) {
    const login = (await firstLine(mqttLogin)) ?? process.env.INCTRL_MQTT_LOGIN;
    const [user, password] = login?.split(/:(.*)/s) ?? [];
    const ca = mqttCa === undefined ? undefined : await readPlainText(mqttCa, MAX_BYTES);
    sinks.push(mqtt({ url: broker, user, password, ca }));
  }
  return sinks;
}

async function firstLine(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  const [line] = (await readPlainText(path, MAX_BYTES)).split(/\r?\n/);
  if (line === "") throw new CliError("input", `${path}: its first line is empty; write the secret there`);
  return line;
}
