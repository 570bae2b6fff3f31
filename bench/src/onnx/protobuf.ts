// Protocol buffers, writing only: fields one after another, each a key (number and wire type) and a value.

const encoder = new TextEncoder();

/** An encoded message in parts. Large values are referenced and not copied. */
export class Message {
  readonly parts: Uint8Array[] = [];
  bytes = 0;

  /** An integer or enum field; negative ones take ten bytes, as int64 does. */
  int(field: number, value: number): this {
    return this.#key(field, 0).#varint(BigInt.asUintN(64, BigInt(value)));
  }

  /** A float field. */
  float(field: number, value: number): this {
    return this.#key(field, 5).#push(new Uint8Array(Float32Array.of(value).buffer));
  }

  /** A string field, or one for each of several. */
  text(field: number, ...values: string[]): this {
    for (const value of values) this.data(field, encoder.encode(value));
    return this;
  }

  /** A bytes field. */
  data(field: number, value: Uint8Array): this {
    return this.#key(field, 2).#varint(BigInt(value.byteLength)).#push(value);
  }

  /** A message field, or one for each of several. */
  message(field: number, ...values: Message[]): this {
    for (const value of values) {
      this.#key(field, 2).#varint(BigInt(value.bytes));
      for (const part of value.parts) this.#push(part);
    }
    return this;
  }

  /** The bytes in one piece. */
  toBytes(): Uint8Array {
    const out = new Uint8Array(this.bytes);
    let at = 0;
    for (const part of this.parts) {
      out.set(part, at);
      at += part.byteLength;
    }
    return out;
  }

  #key(field: number, wireType: number): this {
    return this.#varint(BigInt(field * 8 + wireType));
  }

  #varint(value: bigint): this {
    const bytes: number[] = [];
    let rest = value;
    for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
    bytes.push(Number(rest));
    return this.#push(Uint8Array.from(bytes));
  }

  #push(bytes: Uint8Array): this {
    this.parts.push(bytes);
    this.bytes += bytes.byteLength;
    return this;
  }
}
