import { test } from "uvu";
import * as assert from "uvu/assert";
import { Queue } from "../testing/queue.mjs";

const files = (name, count) => Array.from({ length: count }, (_, i) => `packages/${name}/test/${i}.test.ts`);

test("long files come first; then a worker stays in its package, and takes one where nobody is", () => {
  const [a, b, c] = [files("a", 2), files("b", 4), files("c", 3)];
  const queue = new Queue([a[1], b[3], a[0], ...b.slice(0, 3), ...c], { first: 2, env: {} });
  assert.equal([queue.next(0), queue.next(1)], [a[1], b[3]]);
  assert.equal([queue.next(0), queue.next(1), queue.next(2)], [a[0], b[0], c[0]]);
  // Nothing is left of a: worker 0 goes where most is left.
  assert.equal([queue.next(0), queue.next(2), queue.next(2)], [b[1], c[1], c[2]]);
  assert.equal([queue.next(2), queue.isEmpty, queue.next(0)], [b[2], true, undefined]);
});

test.run();
