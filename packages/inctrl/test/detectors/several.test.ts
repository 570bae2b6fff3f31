import { Encoder } from "@inctrl/detect";
import { deviceTests } from "@inctrl/testing/device";
import { testSeveral } from "@inctrl/testing/several";
import { inctrl } from "../../src/detectors/inctrl.js";
import { residual } from "../../src/detectors/residual.js";
import { openFixture } from "./support.js";

const test = deviceTests("evaluate several detectors with heads");

// The full model, the patch residual, and the image and text scores.
testSeveral(test, async (device) => {
  const fixture = await openFixture(device, "made up");
  const { heads } = fixture;
  const encoder = new Encoder(fixture.backbone, { batch: 4 });
  const scorings = [
    { detector: inctrl(encoder, { heads }) },
    { detector: residual(encoder, { aggregate: "top2" }) },
    { detector: inctrl(encoder, { heads, components: ["I", "T"] }), settings: { heads: "some" } },
  ];
  return { ...fixture, scorings };
});

test.run();
