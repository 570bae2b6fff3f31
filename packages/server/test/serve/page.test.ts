import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { readPage } from "../../src/serve/index.js";
import { fakeService } from "../support/fake.js";

const folder = mkdtempSync(path.join(tmpdir(), "inctrl-server-"));
test.after(() => rmSync(folder, { recursive: true }));

test("a built page is served with its policy, and nothing beside it", async () => {
  const built = path.join(folder, "page");
  assert.is(await readPage(built, "default-src 'none'"), null);
  mkdirSync(path.join(built, "assets"), { recursive: true });
  writeFileSync(path.join(built, "index.html"), "<head></head><p>a page</p>");
  writeFileSync(path.join(built, "assets/main.js"), "1");
  writeFileSync(path.join(folder, "secret.txt"), "a secret");
  const page = await readPage(built, "default-src 'none'");
  await using served = await fakeService(folder, {}, { page });
  const root = await fetch(`${served.address}/`);
  // The page looks for this line before it asks for products.
  assert.match(await root.text(), /^<head>\s*<meta name="inctrl-service" content="v1" \/><\/head><p>a page/);
  assert.is(root.headers.get("content-type"), "text/html; charset=utf-8");
  assert.is(root.headers.get("content-security-policy"), "default-src 'none'");
  const script = await fetch(`${served.address}/assets/main.js`);
  assert.equal([script.status, script.headers.get("content-type")], [200, "text/javascript; charset=utf-8"]);
  for (const where of ["/../secret.txt", "/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt", "/assets/"])
    assert.is((await fetch(served.address + where)).status, 404, where);
});

test.run();
