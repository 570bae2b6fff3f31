declare module "@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs" {
  interface Decoder {
    getEncodedBuffer(length: number): Uint8Array;
    decode(): void;
    getFrameInfo(): { width: number; height: number; componentCount: number };
    /** The samples, interleaved, in the decoder's own memory. */
    getDecodedBuffer(): Uint8ClampedArray;
    delete(): void;
  }
  interface LibJpegTurbo {
    readonly JPEGDecoder: new () => Decoder;
  }
  export default function load(options: {
    wasmBinary: ArrayBuffer;
    print(line: string): void;
    printErr(line: string): void;
  }): Promise<LibJpegTurbo>;
}
