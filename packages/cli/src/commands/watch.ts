import * as shared from "../options/groups.js";
import { argument, group, option, type Settings } from "../options/option.js";
import { byteSize, duration, flag, positive, text } from "../options/values.js";
import { interruptible } from "../signals.js";
import { defineVerb } from "../verb.js";
import { runWatch } from "../watch/run.js";

export type WatchSettings = Settings<typeof OPTIONS>;

const OPTIONS = {
  folder: argument("<folder>", "where pictures arrive", text),
  ...group("Folders", {
    bank: option("<file>", "the bank, with its line", text),
    out: option("<folder>", "where pictures go: ok, review, ng and error; with the ledger", text),
    once: option("", "end when nothing is left", flag.default(false)),
    poll: option(
      "<time>",
      "how often the folder is looked at, besides when the system tells of a change",
      duration.default(1000),
      "1s",
    ),
    giveUp: option(
      "<time>",
      "how long a picture that cannot be read may stand still before it goes to error",
      duration.default(60_000),
      "60s",
    ),
    keepDays: option("<N>", "remove sorted pictures after so many days", positive().optional(), "never"),
    keepBytes: option(
      "<size>",
      "remove the oldest sorted pictures above this size, such as 20GB",
      byteSize.optional(),
      "no limit",
    ),
    heatmaps: option("", "draw a heat map of each part that is NG or REVIEW, into maps", flag.default(false)),
  }),
  ...group("Images", {
    fit: option("<how>", shared.FIT_HELP, shared.fits.optional(), "as the bank was made"),
    ...shared.readingOfFiles,
  }),
  ...group("Sinks", {
    webhook: option("<address>", "post every result there as JSON", text.optional()),
    webhookSecret: shared.file("a file with the key that signs what is posted"),
    mqtt: option(
      "<address>",
      "publish every result there: mqtt://HOST:PORT/TOPIC, or mqtts://",
      text.optional(),
    ),
    mqttLogin: shared.file(
      "a file with USER:PASSWORD of the broker; INCTRL_MQTT_LOGIN of the environment stands for it",
    ),
    mqttCa: shared.file("a certificate (PEM) that the broker's is signed by"),
  }),
  ...group("Model", shared.scoringModel),
  ...shared.scoringMachine,
};

/** `inctrl watch`: a folder in, sorted parts out. */
export const watchCommand = defineVerb({
  summary: "sort pictures by verdict as they arrive in a folder",
  description:
    "Takes pictures from a folder as they arrive, scores them against a bank that inctrl calibrate has given a line, and puts them into ok, review, ng or error. A ledger keeps every verdict.",
  options: OPTIONS,
  examples: `
Sort what a camera writes, and keep a month of it:
  inctrl watch camera/ --bank part.bank.safetensors --out sorted/ --keep-days 30 --heatmaps

Sort what lies there and end, such as from cron:
  inctrl watch camera/ --bank part.bank.safetensors --out sorted/ --once

Tell a line's control of every part:
  inctrl watch camera/ --bank part.bank.safetensors --out sorted/ --mqtt mqtt://plc.local:1883/line1 --webhook http://mes.local/parts`,
  notes: `
A picture is taken once its name is final: .x, x.part, x.tmp and x~ are left alone. One that cannot be read whole is tried again, and
goes to error where it stands still for the time of --give-up. Both folders must lie in one file system. The same bytes are scored
once. A watch that was killed goes on where it was, without losing or doubling a part.

It also follows whether light, camera or product drift away from the calibration's images, says so, and changes nothing by itself.

Exit code 0: stopped, or --once and all were sorted; 2: --once, and some pictures went to error; 1: the watch failed, and nothing is lost.`,
  run: (settings) => interruptible((signal) => runWatch(settings, signal)),
});
