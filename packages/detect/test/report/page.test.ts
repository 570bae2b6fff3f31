import { test } from "uvu";
import * as assert from "uvu/assert";
import { chooseMistakes, medianDraw } from "../../src/report/choose.js";
import { html } from "../../src/report/html.js";
import { reportPage } from "../../src/report/page.js";
import type { Shown } from "../../src/report/pictures.js";
import { evaluationOf, factsOf, HOSTILE } from "./support.js";

const PIXEL = "data:image/png;base64,AAAA";

const shownOf = (name: string): Shown[] =>
  chooseMistakes(evaluationOf(name)).map((mistake) => ({
    ...{ mistake, image: PIXEL, heatmap: PIXEL, prompt: { name, image: PIXEL }, kind: name },
  }));

test("inserted text is escaped, and markup is not", () => {
  const inner = html`<b>${"<i>"}</b>`;
  assert.is(
    html`<p title="${`"'>`}">${inner}${[inner, inner]}${null}${3}</p>`.text,
    '<p title="&quot;&#39;&gt;"><b>&lt;i&gt;</b><b>&lt;i&gt;</b><b>&lt;i&gt;</b>3</p>',
  );
  assert.is(html`${"a\u0000\nb\u202ec"}`.text, "a\\u0000\\nb\\u202ec");
});

test("hostile names change no tag and no attribute of the page", () => {
  const plain = reportPage(evaluationOf("NAME"), factsOf("NAME"), shownOf("NAME"));
  const hostile = reportPage(evaluationOf(HOSTILE), factsOf(HOSTILE), shownOf(HOSTILE));
  assert.not.match(hostile, /<script|alert\("|\u202e|\r/);
  const escaped = html`${HOSTILE}`.text;
  assert.is(hostile.replaceAll(escaped, "NAME"), plain);
  const tags = (page: string) => page.match(/<\/?[a-z][a-z0-9]*/g);
  assert.equal(tags(hostile), tags(plain));
});

test("the page fetches nothing and runs nothing", () => {
  const page = reportPage(evaluationOf(), factsOf(), shownOf("screw"));
  assert.match(page, html`default-src ${"'none'"}; style-src ${"'unsafe-inline'"}; img-src data:`.text);
  for (const [, target] of page.matchAll(/(?:src|href)="([^"]*)"/g))
    assert.match(target, /^data:image\/png;base64,/);
  assert.not.match(page, /url\(|@import|<script|<link|\son[a-z]+=/);
  assert.is(page.split("<svg").length, 4);
  assert.not.match(page, /NaN|undefined|Infinity|\[object/);
  assert.match(page, "No numbers: only normal test images.");
  assert.match(page, "screw/5: screw: torn");
});

test("the page says where there are no mistakes, and where their pictures are missing", () => {
  assert.match(reportPage(evaluationOf(), factsOf(), []), "None: every anomalous image scores above");
  assert.match(reportPage(evaluationOf(), factsOf(), null), "could not be drawn");
});

test("equal scores and unmeasured categories still make a page", () => {
  const evaluation = evaluationOf();
  const [first, odd] = evaluation.categories;
  const draws = first.draws.map((draw) => ({ ...draw, scores: [0, 0, 0, 0, 0, null] }));
  const flat = { ...evaluation, categories: [{ ...first, draws }] };
  assert.not.match(reportPage(flat, factsOf(), []), /NaN|undefined|Infinity/);
  assert.not.match(reportPage({ ...evaluation, categories: [odd] }, factsOf(), []), /NaN|undefined|Infinity/);
});

test("the largest mistakes of the median draw are chosen from both classes, up to a bound", () => {
  const evaluation = evaluationOf();
  assert.is(medianDraw(evaluation.categories[0], 2)?.seed, 0);
  // Normal .1 .6 .4, anomalous .3 .7: .3 lies below two of three, .6 and .4 above one of two.
  const found = chooseMistakes(evaluation);
  assert.equal(
    found.map(({ index, wrong }) => [index, Number(wrong.toFixed(3))]),
    [
      [3, 0.667],
      [1, 0.5],
      [2, 0.5],
    ],
  );
  assert.equal(
    chooseMistakes(evaluation, 2).map(({ index }) => index),
    [3, 1],
  );
  const tied = {
    ...evaluation,
    categories: [
      {
        ...evaluation.categories[0],
        draws: [{ ...evaluation.categories[0].draws[0], scores: [1, 1, 1, 1, 1, null] }],
      },
    ],
  };
  assert.equal(
    chooseMistakes(tied).map(({ wrong }) => wrong),
    [0.5, 0.5, 0.5, 0.5, 0.5],
  );
});

test.run();
