import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { folderTests } from "@inctrl/testing";
import * as assert from "uvu/assert";
import { FORMATS, openDataSet, parseDataSpec } from "../../src/index.js";
import { rejects } from "../support/rejects.js";
import { write } from "../support/tree.js";

const test = folderTests("spec");

test("a name is a format, an argument and options", () => {
  const read = (spec: string) => {
    const { format, argument, options } = parseDataSpec(spec);
    return [format.name, argument, options];
  };
  assert.equal(read("mvtec:a/b"), ["mvtec", "a/b", {}]);
  assert.equal(read("MNIST:d?protocol=multi"), ["mnist", "d", { protocol: "multi" }]);
  assert.equal(read("folder:what? a:folder"), ["folder", "what? a:folder", {}], "names may hold ? and :");
  assert.equal(read("json:a,b?root=x=y"), ["json", "a,b", { root: "x=y" }]);
});

test("a mistyped name is refused with the nearest one", async () => {
  const wrong = (spec: string, says: RegExp) => rejects(() => parseDataSpec(spec), "bad-argument", says);
  await wrong("mvtek:d", /did you mean "mvtec"/);
  await wrong("cifar:d", /did you mean "cifar10"/);
  await wrong("minst:d", /did you mean "mnist"/);
  await wrong("quite-something-else:d", /choose one of mvtec, visa/);
  await wrong(`${"x".repeat(1e5)}:d`, /choose one of/);
  await wrong("downloads/elpv", /say what it is: FORMAT:downloads\/elpv/);
  await wrong("visa:", /say which: visa:DIR/);
  await wrong("mnist:d?protocl=multi", /no option "protocl"; did you mean "protocol"/);
  await wrong("elpv:d?protocol=multi", /it has none/);
  await wrong("mnist:d?__proto__=1", /no option "__proto__"/);
});

test("every format refuses another folder by name, with the layout it expects", async ({ dir }) => {
  await write(dir, { "notes.txt": "hello", "downloads.zip": "", "sub/more/deep.txt": "" });
  for (const { name, argument } of FORMATS) {
    if (argument !== "DIR") continue;
    await rejects(() => openDataSet(`${name}:${dir}`), "bad-layout", /laid out as/);
    await rejects(
      () => openDataSet(`${name}:${dir}`),
      "bad-layout",
      /unpack downloads\.zip first|has train and test/,
    );
    await rejects(() => openDataSet(`${name}:${join(dir, "absent")}`), "missing", /absent: no such folder/);
    await rejects(() => openDataSet(`${name}:${join(dir, "notes.txt")}`), "not-a-folder", /this is a file/);
  }
});

test("a format of another package is opened where it is given", async () => {
  const open = async (argument: string, { size }: Readonly<Record<string, string | undefined>>) => {
    return { name: `${argument}-${size}`, categories: [], skipped: [] };
  };
  const drawn = {
    name: "drawn",
    title: "Drawn",
    argument: "SEED",
    layout: "a number",
    options: { size: "" },
    open,
  };
  const formats = [...FORMATS, drawn];
  assert.is((await openDataSet("drawn:7?size=64", formats)).name, "7-64");
  await rejects(() => openDataSet("drwn:7", formats), "bad-argument", /did you mean "drawn"/);
  await rejects(() => openDataSet("drawn:7"), "bad-argument", /no format "drawn"/);
});

test("options with invalid values are refused", async ({ dir }) => {
  await writeFile(join(dir, "x"), "");
  await rejects(() => openDataSet(`mnist:${dir}?protocol=two`), "bad-argument", /one-vs-all or multi/);
});

test.run();
