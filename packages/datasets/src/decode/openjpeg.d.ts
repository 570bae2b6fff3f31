declare module "@cornerstonejs/codec-openjpeg/decodewasmjs" {
  interface Decoder {
    getEncodedBuffer(length: number): Uint8Array;
    decode(): void;
    getFrameInfo(): { width: number; height: number; bitsPerSample: number; componentCount: number };
    /** A copy of the samples, interleaved, 8 bits or 16 in the machine's order of bytes. */
    getDecodedBuffer(): Uint8ClampedArray<ArrayBuffer>;
  }
  interface OpenJpeg {
    readonly J2KDecoder: new () => Decoder;
  }
  export default function load(options: {
    print(line: string): void;
    printErr(line: string): void;
  }): Promise<OpenJpeg>;
}
