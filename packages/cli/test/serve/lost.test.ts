import { readFileSync } from "node:fs";
import { type Served, serve } from "@inctrl/server/serve";
import { type Device, openDevice } from "@inctrl/tensor";
import { post, until } from "@inctrl/testing/http";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { engineOf } from "../../src/serve/engine.js";
import { serviceOptions } from "../../src/serve/run.js";
import { temporaryFolder } from "../support/cli.js";
import { makeLine, startQuietly } from "../support/service.js";

const temporary = temporaryFolder();
test.after(temporary.remove);

test("a device that is lost is opened again, with banks that score as before", async () => {
  const { folder } = temporary;
  const line = await makeLine(folder, 6);
  const picture = readFileSync(line.images[1]);
  const devices: Device[] = [];
  const acquire = async () => {
    const device = await openDevice();
    devices.push(device);
    return { device, close: () => device.close() };
  };
  const log: string[] = [];
  await using served: Served = await startQuietly(line, {}, (options) => {
    const openEngine = engineOf(options, new AbortController().signal, acquire);
    return serve({ ...serviceOptions(options, openEngine), log: (text) => void log.push(text) });
  });
  const { answer: first } = await post(served, "metal/score?part=0", picture);
  devices[0].close();
  const { status, answer } = await post(served, "metal/score?part=1", picture);
  assert.equal([status, answer.verdict, answer.error.code], [503, "ERROR", "device"]);
  await until(() => served.service.state === "ready", "it is open again");
  const again = await post(served, "metal/score?part=1", picture);
  assert.equal([again.status, again.answer.score, devices.length], [200, first.score, 2]);
  assert.match(log.join("\n"), /the device is open again \(1 of 3 times\)/);
});

test.run();
