import { test } from "uvu";
import * as assert from "uvu/assert";
import { recalibrationText } from "../../src/output/recalibration.js";

test("folders are quoted for a shell, and one that is not known is left to people", () => {
  assert.is(
    recalibrationText("part.bank.safetensors", ["out/ok", "it's/review"]),
    "if parts are to look like this from now on, look through out/ok and it's/review, take bad ones out, and run: " +
      `inctrl calibrate --bank part.bank.safetensors --normals out/ok 'it'\\''s/review'`,
  );
  assert.match(
    recalibrationText("b", []),
    /gather .* in a folder, and run: inctrl calibrate --bank b --normals FOLDER$/,
  );
});

test.run();
