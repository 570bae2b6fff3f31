import { mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { chooseAdapter } from "../../src/device/adapter.js";
import { isSoftware } from "../../src/device/caps.js";
import { adapterOfCard, cardsOfLinux, dawnNames } from "../../src/device/dawn.js";
import { findAdapters, openDevice } from "../../src/index.js";
import { throwsCode } from "../support.js";
import { runChild } from "./child.js";

const named = (
  info: Partial<GPUAdapterInfo>,
  answer: () => Promise<unknown> = async () => null,
): GPUAdapter =>
  ({
    info: { vendor: "", architecture: "", device: "", description: "", ...info },
    limits: {},
    features: new Set(),
    requestDevice: answer,
  }) as unknown as GPUAdapter;

/** Runs with a browser's `navigator.gpu` that offers these adapters, one for each kind of request. */
async function inBrowser(offers: (GPUAdapter | Error | null)[], run: () => Promise<unknown>): Promise<void> {
  const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  let turn = 0;
  const requestAdapter = async () => {
    const offer = offers[turn++ % offers.length];
    if (offer instanceof Error) throw offer;
    return offer;
  };
  Object.defineProperty(globalThis, "navigator", { configurable: true, value: { gpu: { requestAdapter } } });
  try {
    await run();
  } finally {
    if (before) Object.defineProperty(globalThis, "navigator", before);
    else Reflect.deleteProperty(globalThis, "navigator");
  }
}

const gpu = named({ vendor: "acme", description: "Acme 3000" });
const cpu = named({ description: "llvmpipe", architecture: "software" });

test("a hardware adapter goes before a software one, whatever comes first", async () => {
  await inBrowser([cpu, cpu, gpu], async () => {
    assert.is(await chooseAdapter(), gpu);
    assert.is(await chooseAdapter("hardware"), gpu);
    assert.is(await chooseAdapter("software"), cpu);
    assert.is(await chooseAdapter("acme"), gpu);
    assert.is(await chooseAdapter("LLVM"), cpu);
    assert.equal(await findAdapters(), [gpu, cpu]);
  });
});

test("software serves where there is nothing else, and hardware is refused with what there is", async () => {
  await inBrowser([cpu, new Error("unsupported"), null], async () => {
    assert.is(await chooseAdapter(), cpu);
    await throwsCode(
      () => chooseAdapter("hardware"),
      "no-adapter",
      /"hardware".*INCTRL_ADAPTER=auto.*llvmpipe/,
    );
    await throwsCode(() => chooseAdapter("acme"), "no-adapter", /"acme"/);
  });
});

test("no adapter at all says what to install", async () => {
  await inBrowser([null], async () => {
    for (const choice of ["auto", "hardware", "acme"]) {
      await throwsCode(() => openDevice({ adapter: choice }), "no-adapter", /mesa-vulkan-drivers/);
    }
  });
});

test("an adapter that gives no device says why", async () => {
  const broken = named({ description: "Broken 1" }, async () => {
    throw new Error("out of luck\nsecond line");
  });
  await inBrowser([broken], () =>
    throwsCode(
      () => openDevice(),
      "no-adapter",
      /Broken 1 gives no device \(out of luck\); update its driver/,
    ),
  );
});

test("this machine's adapters: each opens by a part of its name", async () => {
  const found = await findAdapters();
  assert.ok(found.length > 0);
  for (const { info } of found) {
    const part = info.description.split(/[\s:]/)[0] || info.device;
    using device = await openDevice({ adapter: part.toUpperCase() });
    assert.is(device.caps.description, info.description);
  }
  const kinds = found.map(({ info }) => isSoftware(info));
  assert.equal(kinds, [...kinds].sort(), "hardware before software");
  await throwsCode(
    () => openDevice({ adapter: "no such thing" }),
    "no-adapter",
    /leave the choice out.*one of: \S/,
  );
});

test("a place in the list chooses, and a longer number is part of a name", async () => {
  const old = named({ description: "Acme 3000" });
  await inBrowser([cpu, old, gpu], async () => {
    assert.equal(await findAdapters(), [old, gpu, cpu]);
    assert.is(await chooseAdapter("0"), old);
    assert.is(await chooseAdapter("1"), gpu);
    assert.is(await chooseAdapter("2"), cpu);
    assert.is(await chooseAdapter("3000"), old);
    await throwsCode(() => chooseAdapter("3"), "no-adapter", /"3".*0 Acme 3000, 1 Acme 3000, 2 llvmpipe/);
  });
  const found = await findAdapters();
  using device = await openDevice({ adapter: `${found.length - 1}` });
  assert.is(device.caps.description, found[found.length - 1].info.description);
});

test("Dawn tells the names of equal adapters as often as there are", async () => {
  const names = await dawnNames();
  assert.ok(names.length >= (await findAdapters()).length, `${names}`);
  const none = await dawnNames("pci-ffff_ff_ff_0");
  assert.equal(none, names, "a card that is not there hides nothing, so that none passes for it");
  if (names.length > 1) assert.is(await adapterOfCard("pci-ffff_ff_ff_0"), null);
});

test("Linux's cards are named by their place on the bus", async () => {
  const folder = await mkdtemp(join(tmpdir(), "inctrl-cards-"));
  for (const [name, device] of [
    ["renderD129", "../../../0000:0a:00.1"],
    ["renderD128", "../../../0000:03:00.0"],
    ["renderD130", "../../../vgem"],
    ["card0", "../../../0000:03:00.0"],
  ]) {
    await mkdir(join(folder, name));
    await symlink(device, join(folder, name, "device"));
  }
  assert.equal(await cardsOfLinux(folder), ["pci-0000_03_00_0", "pci-0000_0a_00_1"]);
  assert.equal(await cardsOfLinux(join(folder, "nothing")), []);
  await rm(folder, { recursive: true });
});

test("INCTRL_ADAPTER chooses, and the option goes before it", async () => {
  const before = process.env.INCTRL_ADAPTER;
  process.env.INCTRL_ADAPTER = "no such thing";
  try {
    await throwsCode(() => openDevice(), "no-adapter", /"no such thing"/);
    (await openDevice({ adapter: "auto" })).close();
    process.env.INCTRL_ADAPTER = "";
    (await openDevice()).close();
  } finally {
    if (before === undefined) delete process.env.INCTRL_ADAPTER;
    else process.env.INCTRL_ADAPTER = before;
  }
});

test("a software adapter is told once, on no stream of ours", async () => {
  const notices: string[] = [];
  const device = await openDevice({ onNotice: (text) => notices.push(text) });
  assert.is(notices.length, device.caps.software ? 1 : 0);
  for (const text of notices)
    assert.ok(text.includes(device.caps.description || device.caps.name) && !text.includes("\n"));
  device.close();
  const { code, stdout } = await runChild('import { openDevice } from "@inctrl/tensor"; await openDevice();');
  assert.equal([code, stdout], [0, ""]);
});

test("importing the package touches no GPU", async () => {
  const { stdout } = await runChild(`
    let asked = 0;
    Object.defineProperty(globalThis, "navigator", { configurable: true, get: () => void asked++ });
    const native = () => process.report.getReport().sharedObjects.filter((path) => /dawn|vulkan/i.test(path)).length;
    const tensor = await import("@inctrl/tensor");
    console.log(asked, native());
    await tensor.openDevice();
    console.log(asked > 0, native() > 0);`);
  assert.is(stdout, "0 0\ntrue true\n");
});

test.run();
