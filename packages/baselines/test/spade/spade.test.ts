import { scope, slice, tensor } from "@inctrl/tensor";
import { random } from "@inctrl/testing";
import { deviceTests } from "@inctrl/testing/device";
import * as assert from "uvu/assert";
import { References } from "../../src/spade/spade.js";

const test = deviceTests("SPADE");

test("a gallery is the nearest references' patches, and views do not influence each other", async ({
  device,
}) => {
  const features = tensor(device, [0, 1, 5], [3, 1]);
  const layer = tensor(device, random(1, 3 * 4 * 2), [3, 4, 2]);
  const query = {
    features: tensor(device, [0, 6], [2, 1]),
    layer: tensor(device, random(2, 2 * 4 * 2), [2, 4, 2]),
  };
  using all = new References(features, [layer]);
  const options = { neighbours: 2, pixelNeighbours: 2 };
  const { score, layers, index } = all.score(query.features, [query.layer], options);
  assert.equal([...(await score.data())], [0.5, 3]);
  const [distances, places] = [await layers[0].data(), await index.data()];
  // The first view's references are 0 and 1, the second's 1 and 2, which are 2 and 1 here.
  for (const [view, [from, to]] of [[0, 2] as const, [1, 3] as const].entries()) {
    const own = scope(() => new References(slice(features, [[from, to]]), [slice(layer, [[from, to]])]));
    const part = scope(() =>
      own.score(slice(query.features, [[view, view + 1]]), [slice(query.layer, [[view, view + 1]])], options),
    );
    assert.equal([...(await part.layers[0].data())], [...distances.subarray(4 * view, 4 * view + 4)]);
    const found = [...(await part.index.data())].map((place) => place + 4 * from);
    assert.equal(found, [...places.subarray(4 * view, 4 * view + 4)]);
    for (const each of [own, part.score, ...part.layers, part.index]) each.dispose();
  }
  for (const each of [features, layer, query.features, query.layer, score, ...layers, index]) each.dispose();
});

test.run();
