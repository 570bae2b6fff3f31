import type { ScoreRecord } from "@inctrl/detect";
import { tableFromIPC } from "apache-arrow";
import { readParquet } from "parquet-wasm/node";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ParquetRows } from "../../src/output/parquet.js";

const record = (i: number) =>
  ({
    ...{ image: `bänk "${i}".png`, width: 9, height: 8, score: i / 7, residual: i % 3 === 0 ? null : i / 9 },
    ...{
      image_residual: null,
      text: null,
      phi: null,
      parts: { extra: -i },
      fit: "crop",
      window: "full",
      view: i % 4,
    },
    match: i % 5 === 0 ? null : { prompt: "good/0.png", patch: i, query_patch: i + 1 },
    ...{ verdict: i % 2 ? "OK" : "NG", p_value: 0.25, scaled_score: null, calibration: null, regions: [] },
  }) as unknown as ScoreRecord;

async function written(count: number): Promise<{ bytes: Uint8Array; pieces: number }> {
  const pieces: Uint8Array[] = [];
  const rows = new ParquetRows(async (bytes) => void pieces.push(bytes));
  for (let i = 0; i < count; i++) await rows.row(record(i));
  await rows.end();
  return { bytes: Buffer.concat(pieces), pieces: pieces.length };
}

test("another reader finds every value, over several groups of rows", async () => {
  const count = 45_001;
  const { bytes, pieces } = await written(count);
  // Three groups and what ends the file: nothing is held to the end.
  assert.is(pieces, 4);
  const table = tableFromIPC(readParquet(bytes).intoIPCStream());
  assert.is(table.numRows, count);
  assert.equal(
    table.schema.fields.slice(0, 3).map(({ name }) => name),
    ["image", "score", "residual"],
  );
  const columns = Object.fromEntries(table.schema.fields.map(({ name }) => [name, table.getChild(name)!]));
  for (let i = 0; i < count; i += i % 20_000 > 19_990 || i > count - 9 ? 1 : 13) {
    const { image, score, residual, match, view, verdict } = record(i);
    assert.equal(
      ["image", "score", "residual", "match_prompt", "match_patch", "view", "verdict", "extra"].map((name) =>
        columns[name].get(i),
      ),
      [image, score, residual, match?.prompt ?? null, match?.patch ?? null, view, verdict, -i],
    );
  }
});

test("a run without a score is refused in words", async () => {
  const error = await written(0).catch((thrown: Error) => thrown);
  assert.match((error as Error).message, /no image has a score.*--format jsonl/);
});

test.run();
