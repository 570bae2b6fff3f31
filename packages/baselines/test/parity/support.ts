import type { ParityCheck } from "@inctrl/detect";
import type { Device } from "@inctrl/tensor";
import { shared } from "@inctrl/testing";
import type { deviceTests } from "@inctrl/testing/device";
import * as assert from "uvu/assert";

/**
 * Adds a test that all values are those which a folder of `shared/golden` holds. It passes where the folder is absent.
 *
 * @param checksOf compares the values.
 * @param count how many there are; undefined: not counted.
 */
export function testGolden(
  test: ReturnType<typeof deviceTests>,
  title: string,
  name: string,
  checksOf: (device: Device, folder: string) => Promise<readonly ParityCheck[]>,
  count?: number,
): void {
  test(title, async ({ device }) => {
    const folder = shared(`golden/${name}`);
    if (folder === undefined) return;
    const checks = await checksOf(device, folder);
    if (process.env.DEBUG) console.table(checks);
    assert.equal(
      checks.filter(({ ok }) => !ok),
      [],
    );
    assert.is(checks.length, count ?? checks.length);
  });
}
