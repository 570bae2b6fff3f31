import type { ScoreRecord } from "@inctrl/detect";
import type { ByteWriter, ParquetWriter } from "hyparquet-writer";
import { CliError } from "../errors.js";
import { scoreColumns } from "./formats.js";

/** Rows of a group, which are held until they are written. */
const GROUP = 20_000;

const TEXT = new Set(["image", "match_prompt", "fit", "window", "verdict", "calibration_status"]);
const WHOLE = new Set(["match_patch", "match_query_patch", "view", "calibration_n"]);
/** What every record has. */
const REQUIRED = new Set(["image", "score"]);

const typeOf = (name: string) => (TEXT.has(name) ? "STRING" : WHOLE.has(name) ? "INT32" : "DOUBLE");

type Cell = string | number | null;

interface ParquetColumn {
  readonly name: string;
  readonly read: (record: ScoreRecord) => Cell;
  values: Cell[];
}

/** The columns of the CSV as a Parquet file, which grows by groups of rows: memory is that of a group. */
export class ParquetRows {
  readonly #write: (bytes: Uint8Array) => Promise<void>;
  #columns: ParquetColumn[] | null = null;
  #file: ParquetWriter | null = null;
  #held = 0;

  /** @param write gets the bytes of the file in order. */
  constructor(write: (bytes: Uint8Array) => Promise<void>) {
    this.#write = write;
  }

  async row(record: ScoreRecord): Promise<void> {
    this.#columns ??= columnsOf(record);
    for (const { values, read } of this.#columns) values.push(read(record) ?? null);
    this.#held++;
    if (this.#held === GROUP) await this.#group();
  }

  /** @throws CliError `input` where there was no row: other readers refuse what the library writes then. */
  async end(): Promise<void> {
    if (this.#held > 0) await this.#group();
    if (!this.#file)
      throw new CliError("input", "no image has a score, and Parquet needs one; use --format jsonl");
    await this.#file.finish();
  }

  async #group(): Promise<void> {
    const columns = this.#columns as ParquetColumn[];
    const file = await this.#opened(columns);
    const columnData = columns.map(({ name, values }) => ({ name, data: values }));
    await file.write({ columnData, rowGroupSize: this.#held });
    for (const column of columns) column.values = [];
    this.#held = 0;
  }

  /** The library is loaded here: other formats do without it. */
  async #opened(columns: readonly ParquetColumn[]): Promise<ParquetWriter> {
    if (this.#file) return this.#file;
    const { ByteWriter, ParquetWriter, schemaFromColumnData } = await import("hyparquet-writer");
    const schema = schemaFromColumnData({
      columnData: columns.map(({ name }) => ({
        ...{ name, data: [], type: typeOf(name), nullable: !REQUIRED.has(name) },
      })),
    });
    const writer = new ByteWriter();
    const flush = () => this.#flush(writer);
    Object.assign(writer, { flush, finish: flush });
    this.#file = new ParquetWriter({ writer, schema, createdBy: "inctrl" });
    return this.#file;
  }

  async #flush(writer: ByteWriter): Promise<void> {
    const bytes = writer.getBytes().slice();
    writer.index = 0;
    if (bytes.length > 0) await this.#write(bytes);
  }
}

const columnsOf = (first: ScoreRecord): ParquetColumn[] =>
  scoreColumns(first).map(([name, read]) => ({ name, read, values: [] }));
