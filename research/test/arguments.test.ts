import { test } from "uvu";
import * as assert from "uvu/assert";
import { studyArguments } from "../arguments.js";

const { argv } = process;
test.after.each(() => {
  process.argv = argv;
});

const OTHERS = { backbone: ["nano"], draws: 3, sets: "", docs: false };
const read = (...given: string[]) => {
  process.argv = ["node", "study.ts", ...given];
  return studyArguments(["data"], OTHERS);
};

test("what is left out has its default, and numbers, lists and switches are read as such", () => {
  assert.equal(read("--data", "sets"), { data: "sets", ...OTHERS });
  const given = read("--data=sets", "--backbone=a", "--backbone=b", "--draws=5", "--sets=elpv", "--docs");
  assert.equal(given, { data: "sets", backbone: ["a", "b"], draws: 5, sets: "elpv", docs: true });
});

test("a path that is left out, and text in place of a number, are answered with the usage", () => {
  const usage = /^usage: study\.ts --data PATH \[--backbone nano\] \[--draws 3\] \[--sets TEXT\] \[--docs\]$/;
  for (const given of [[], ["--data=sets", "--draws=many"]])
    assert.throws(
      () => read(...given),
      ({ message }: Error) => usage.test(message),
    );
});

test.run();
