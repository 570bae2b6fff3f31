// Protocol buffers, writing only. A message is a list of fields, each a key (number and wire type) and a value.

/** Encoded fields in parts, so that large values are not copied. */
export type Fields = readonly Uint8Array[];

const encoder = new TextEncoder();

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Uint8Array.of(...bytes, Number(rest));
}

const key = (field: number, wireType: number) => varint(field * 8 + wireType);

/** Integer or enum fields; negative ones take ten bytes, as int64 does. */
export const ints = (field: number, ...values: number[]): Fields =>
  values.flatMap((value) => [key(field, 0), varint(value)]);

/** A float field. */
export const float = (field: number, value: number): Fields => [
  key(field, 5),
  new Uint8Array(Float32Array.of(value).buffer),
];

/** A bytes field, or a message with its fields. */
export const bytes = (field: number, parts: readonly Uint8Array[]): Fields => [
  key(field, 2),
  varint(parts.reduce((sum, { byteLength }) => sum + byteLength, 0)),
  ...parts,
];

/** String fields. */
export const texts = (field: number, ...values: string[]): Fields =>
  values.flatMap((value) => bytes(field, [encoder.encode(value)]));

/** Message fields, each with its own fields. */
export const messages = (field: number, ...values: Fields[]): Fields =>
  values.flatMap((fields) => bytes(field, fields));
