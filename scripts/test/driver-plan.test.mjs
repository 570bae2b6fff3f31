import { test } from "uvu";
import * as assert from "uvu/assert";
import { backportsFile, hasSuite } from "../setup/apt-sources.mjs";
import { driverEnv, libraryFolders } from "../setup/driver-env.mjs";
import { asShell, parseOsRelease, planDriver } from "../setup/driver-plan.mjs";
import { aptOptions } from "../setup/unpack-driver.mjs";

const DEB822 = `Types: deb
# a snapshot of the archive
URIs: http://packages.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://packages.example/debian-security
Suites: bookworm-security
Components: main
`;
const ONE_LINE = `# the installer's
deb cdrom:[Debian 12]/ bookworm main
deb-src http://packages.example/debian bookworm main
deb [arch=amd64,arm64 signed-by=/k.gpg trusted=yes] http://packages.example/debian bookworm main non-free # here
deb http://packages.example/debian-security bookworm-security main
`;
const file = (name, text) => [{ name, text }];

test("deb822 sources", () => {
  const sources = file("debian.sources", DEB822);
  assert.equal(backportsFile(sources, "bookworm"), {
    format: "sources",
    text:
      "Types: deb\nURIs: http://packages.example/debian\nSuites: bookworm-backports\nComponents: main\n" +
      "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n",
  });
  for (const suite of ["bookworm", "bookworm-updates", "bookworm-security"])
    assert.ok(hasSuite(sources, suite));
  assert.not(hasSuite(sources, "bookworm-backports"));
  assert.is(
    backportsFile(sources, "bookworm-security").text.match(/^URIs: (.*)$/m)[1],
    "http://packages.example/debian-security",
  );
  const folded =
    "Types: deb-src deb\nURIs: http://a.test\nSuites: sid\n bookworm\nComponents:\n main\n contrib\nTrusted: yes\n";
  assert.is(
    backportsFile(file("a.sources", folded), "bookworm").text,
    "Types: deb-src deb\nURIs: http://a.test\nSuites: bookworm-backports\nComponents: main\nTrusted: yes\n",
  );
  assert.is(backportsFile(file("a.sources", folded.replace("src deb", "src")), "bookworm"), undefined);
});

test("deb822 sources: a key inside the file is kept line by line, a disabled source is not used", () => {
  const key = " -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQINBGPL0BU\n -----END PGP PUBLIC KEY BLOCK-----";
  const text = `Types: deb\nURIs: http://a.test/debian\nSuites: bookworm\nComponents: main\nSigned-By:\n${key}\n`;
  assert.match(backportsFile(file("a.sources", text), "bookworm").text, `Signed-By:\n${key}\n`);
  assert.is(backportsFile(file("a.sources", `Enabled: no\n${text}`), "bookworm"), undefined);
});

test("one-line sources", () => {
  const sources = file("sources.list", ONE_LINE);
  assert.equal(backportsFile(sources, "bookworm"), {
    format: "list",
    text: "deb [arch=amd64,arm64 signed-by=/k.gpg trusted=yes] http://packages.example/debian bookworm-backports main\n",
  });
  assert.ok(hasSuite(sources, "bookworm-security"));
  assert.not(hasSuite(sources, "bookworm-backports"));
  assert.is(backportsFile(sources, "trixie"), undefined);
});

const BOOKWORM = parseOsRelease('ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n');
const sources = file("debian.sources", DEB822);
const machine = (changes) => ({ platform: "linux", osRelease: BOOKWORM, uid: 0, sources, ...changes });
const install = (...target) => ({
  run: [
    "apt-get",
    "install",
    "-y",
    "--no-install-recommends",
    ...target,
    "mesa-vulkan-drivers",
    "libvulkan1",
  ],
});
const update = { run: ["apt-get", "update"] };

test("Debian 12 as root: backports from the machine's own mirror", () => {
  const { steps, automatic } = planDriver(machine());
  assert.ok(automatic);
  assert.is(steps[0].write, "/etc/apt/sources.list.d/inctrl-backports.sources");
  assert.match(steps[0].text, "http://packages.example/debian\n");
  assert.equal(steps.slice(1), [update, install("-t", "bookworm-backports")]);
});

test("Debian 12 that has backports already: nothing is added", () => {
  const more = file("b.list", "deb http://packages.example/debian bookworm-backports main\n");
  assert.equal(planDriver(machine({ sources: [...sources, ...more] })).steps, [
    update,
    install("-t", "bookworm-backports"),
  ]);
});

test("Debian 12 without root: the same steps, to be typed", () => {
  const plan = planDriver(machine({ uid: 1000 }));
  assert.not(plan.automatic);
  assert.equal(plan.steps, planDriver(machine()).steps);
  assert.is(
    asShell(plan.steps),
    "cat > /etc/apt/sources.list.d/inctrl-backports.sources <<'EOF'\nTypes: deb\nURIs: http://packages.example/debian\n" +
      "Suites: bookworm-backports\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\nEOF\n" +
      "apt-get update\n" +
      "apt-get install -y --no-install-recommends -t bookworm-backports mesa-vulkan-drivers libvulkan1",
  );
});

test("without root the driver is unpacked from the machine's own mirror, backports included", () => {
  const { unpack } = planDriver(machine({ uid: 1000 }));
  assert.equal(unpack.target, ["-t", "bookworm-backports"]);
  assert.ok(hasSuite(unpack.sources, "bookworm-backports"));
  assert.equal(unpack.sources.slice(0, 1), sources);
  const noble = parseOsRelease('ID=ubuntu\nVERSION_CODENAME="noble"');
  assert.equal(planDriver(machine({ uid: 1000, osRelease: noble })).unpack, { sources, target: [] });
  for (const other of [{}, { uid: 1000, sources: [] }, { uid: 1000, osRelease: parseOsRelease("ID=fedora") }])
    assert.not(planDriver(machine(other)).unpack);
});

test("an unpacked driver is found by its own description and libraries, before the user's", () => {
  const folders = { "/d/usr/lib": ["x86_64-linux-gnu", "python3"], "/d/lib": ["x86_64-linux-gnu"] };
  const exists = (folder) => folder in folders;
  assert.equal(
    libraryFolders("/d", exists, (folder) => folders[folder]),
    ["/d/usr/lib/x86_64-linux-gnu", "/d/lib/x86_64-linux-gnu"],
  );
  assert.equal(driverEnv("/absent", { LD_LIBRARY_PATH: "/own" }), {
    VK_DRIVER_FILES: "/absent/lvp_icd.json",
    LD_LIBRARY_PATH: "/own",
  });
  assert.ok(aptOptions("/a").includes("Dir::State=/a/state"));
});

test("Debian 12 without a known mirror is reported, and no source is guessed", () => {
  const plan = planDriver(machine({ sources: [] }));
  assert.not(plan.automatic);
  assert.match(plan.why, "add the suite bookworm-backports");
});

test("newer Debian and Ubuntu install directly", () => {
  for (const text of [
    "ID=debian\nVERSION_CODENAME=trixie",
    'ID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME="noble"',
  ]) {
    const plan = planDriver(machine({ osRelease: parseOsRelease(text) }));
    assert.ok(plan.automatic);
    assert.equal(plan.steps, [update, install()]);
  }
});

test("relatives of Debian, other systems and other platforms are told what to run", () => {
  const like = (text, platform = "linux") =>
    planDriver(machine({ platform, osRelease: parseOsRelease(text) }));
  const mint = like('ID=linuxmint\nID_LIKE="ubuntu debian"\nVERSION_CODENAME=wilma');
  assert.equal([mint.automatic, mint.steps], [false, [update, install()]]);
  assert.is(like("ID=fedora").steps[0].run[0], "dnf");
  assert.is(like('ID=rocky\nID_LIKE="rhel centos fedora"').steps[0].run[0], "dnf");
  assert.is(like("ID=arch").steps[0].run[0], "pacman");
  assert.is(like("ID=cachyos\nID_LIKE=arch").steps[0].run[0], "pacman");
  assert.is(like('ID=opensuse-leap\nID_LIKE="suse opensuse"').steps[0].run[0], "zypper");
  for (const plan of [like("ID=alpine"), like("", "darwin"), like("", "win32")])
    assert.equal([plan.automatic, plan.steps], [false, []]);
});

test.run();
