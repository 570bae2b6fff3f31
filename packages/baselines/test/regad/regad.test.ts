import { join } from "node:path";
import { Encoder, fitImages, readOptions } from "@inctrl/detect";
import { nn, writeSafetensors } from "@inctrl/tensor";
import { randomImage, throwsCode } from "@inctrl/testing";
import { deviceTests, smallBackbone } from "@inctrl/testing/device";
import { scoreWith } from "@inctrl/testing/scoring";
import * as assert from "uvu/assert";
import { hashedRegistration } from "../../src/parity/cnn/regad.js";
import { RegistrationBackbone } from "../../src/regad/backbone.js";
import { regadMethod } from "../../src/regad/method.js";
import { RegistrationNetwork } from "../../src/regad/network.js";
import { openNetwork } from "../../src/resnet/open.js";

const test = deviceTests("RegAD");

const SIDE = 32;

test("a checkpoint of the released form opens and scores; banks of other variants are refused", async ({
  device,
  folder,
}) => {
  const read = hashedRegistration("translation", "");
  const parameters = new RegistrationNetwork({ mode: "translation", side: SIDE }).namedParameters();
  const tensors: Record<string, { dtype: "F32"; shape: readonly number[]; data: Float32Array }> = {};
  for (const [name, parameter] of parameters)
    if (parameter instanceof nn.Parameter && !name.endsWith("num_batches_tracked"))
      tensors[`STN.${name}`] = { dtype: "F32", shape: parameter.shape, data: await read(name, parameter) };
  tensors["ENC.conv1.weight"] = { dtype: "F32", shape: [1], data: new Float32Array(1) };
  const file = join(folder, "released.safetensors");
  await writeSafetensors(file, tensors);
  using backbone = await openNetwork(device, file, { config: "translation" });
  assert.instance(backbone, RegistrationBackbone);
  assert.equal((backbone as RegistrationBackbone).resnet.side, SIDE);
  await throwsCode(() => backbone.layout(1, { width: 64, height: 32 }), "views", /takes images of 32 x 32/);

  const settings = readOptions(regadMethod, { blur: 1 });
  const encoder = new Encoder(backbone, regadMethod.input!(backbone, settings));
  const open = (augment: boolean) => regadMethod.create(encoder, { ...settings, augment });
  using fitted = await fitImages(open(true), [randomImage(1, SIDE)]);
  const [own, other] = await scoreWith(
    fitted,
    [1, 2].map((seed) => randomImage(seed, SIDE)),
  );
  assert.ok(own.score < other.score, `${own.score}, ${other.score}`);
  assert.equal([own.map.rows, own.map.columns], [SIDE, SIDE]);
  const path = join(folder, "regad.safetensors");
  await fitted.save(path);
  await throwsCode(() => open(false).load(path), "bank", /./);
});

test("a backbone that was not trained to register is refused", async ({ device }) => {
  using backbone = await smallBackbone(device);
  await throwsCode(() => regadMethod.input!(backbone, {}), "backbone", /name a checkpoint of RegAD/);
});

test.run();
