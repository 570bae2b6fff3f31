import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { ClusterError } from "../errors.js";
import type { ObjectPlace } from "./s3-address.js";
import type { ObjectWriter } from "./store.js";

/** Bytes of a piece of an upload: the least that S3 takes is 5 MiB, and it takes 10,000 of them. */
const PIECE = 8 << 20;

/** A put that met another of the same key is tried again so many times. */
const TRIES = 5;

/** The calls of S3 that runs need, with errors that say where. Keys and the region come from where AWS' own tools look. */
export class Objects {
  readonly #client: S3Client;

  constructor() {
    const own = process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL;
    this.#client = new S3Client({
      // Stores other than Amazon's seldom have a host name for each bucket, or its newer checksums.
      ...(own !== undefined && { forcePathStyle: true }),
      ...(process.env.AWS_REGION === undefined && own !== undefined && { region: "us-east-1" }),
      ...{ requestChecksumCalculation: "WHEN_REQUIRED", responseChecksumValidation: "WHEN_REQUIRED" },
    });
  }

  close(): void {
    this.#client.destroy();
  }

  /** An object, or a part of it; null where there is none. */
  async get({ bucket, key }: ObjectPlace, most: number, from?: number): Promise<Uint8Array | null> {
    const range = from === undefined ? {} : { Range: `bytes=${from}-${from + most - 1}` };
    try {
      const { Body, ContentLength = 0 } = await this.#client.send(
        new GetObjectCommand({ Bucket: bucket, Key: key, ...range }),
      );
      if (Body === undefined) return null;
      if (ContentLength > most) {
        (Body as { destroy?: () => void }).destroy?.();
        throw new ClusterError(
          "store",
          `s3://${bucket}/${key}: has ${ContentLength} bytes, more than the ${most} that are read of such an object`,
        );
      }
      return await Body.transformToByteArray();
    } catch (error) {
      if (statusOf(error) === 404 && (error as Error).name !== "NoSuchBucket") return null;
      throw refused(bucket, key, error);
    }
  }

  /** Puts an object unless there is one of the key. @returns whether it was put. */
  async create({ bucket, key }: ObjectPlace, content: Uint8Array): Promise<boolean> {
    for (let tries = 1; ; tries++) {
      try {
        await this.#client.send(
          new PutObjectCommand({ Bucket: bucket, Key: key, Body: content, IfNoneMatch: "*" }),
        );
        return true;
      } catch (error) {
        if (statusOf(error) === 412) return false;
        // Two puts at once: S3 asks to try again.
        if (statusOf(error) !== 409 || tries === TRIES) throw refused(bucket, key, error);
      }
    }
  }

  /** Keys below a prefix in order, without those of its folders, and how large each is. */
  async *list({ bucket, key: prefix }: ObjectPlace, deep: boolean): AsyncGenerator<string> {
    let token: string | undefined;
    do {
      const page = await this.#client
        .send(
          new ListObjectsV2Command({
            ...{ Bucket: bucket, Prefix: prefix, ContinuationToken: token },
            ...(!deep && { Delimiter: "/" }),
          }),
        )
        .catch((error) => {
          throw refused(bucket, prefix, error);
        });
      for (const { Key } of page.Contents ?? []) if (Key !== undefined) yield Key;
      token = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  /** An upload in pieces: nothing is seen of it before it is whole. */
  async open({ bucket, key }: ObjectPlace): Promise<ObjectWriter> {
    const target = { Bucket: bucket, Key: key };
    const guarded = <T>(action: Promise<T>) =>
      action.catch((error) => {
        throw refused(bucket, key, error);
      });
    const { UploadId } = await guarded(this.#client.send(new CreateMultipartUploadCommand(target)));
    const parts: { PartNumber: number; ETag: string | undefined }[] = [];
    let held: Buffer[] = [];
    let bytes = 0;
    const send = async () => {
      const PartNumber = parts.length + 1;
      const Body = Buffer.concat(held);
      [held, bytes] = [[], 0];
      const sent = new UploadPartCommand({ ...target, UploadId, PartNumber, Body });
      const { ETag } = await guarded(this.#client.send(sent));
      parts.push({ PartNumber, ETag });
    };
    return {
      async write(more) {
        const piece = Buffer.from(more as Uint8Array);
        held.push(piece);
        bytes += piece.length;
        if (bytes >= PIECE) await send();
      },
      finish: async () => {
        if (bytes > 0 || parts.length === 0) await send();
        const whole = { ...target, UploadId, MultipartUpload: { Parts: parts } };
        await guarded(this.#client.send(new CompleteMultipartUploadCommand(whole)));
      },
      discard: async () => {
        await this.#client.send(new AbortMultipartUploadCommand({ ...target, UploadId })).catch(() => {});
      },
    };
  }
}

const statusOf = (error: unknown): number | undefined =>
  error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;

function refused(bucket: string, key: string, error: unknown): Error {
  if (error instanceof ClusterError) return error;
  const { name, message } = error as Error;
  const why = name === "NoSuchBucket" ? "there is no such bucket" : message || name;
  return new ClusterError(
    "store",
    `s3://${bucket}/${key}: ${why}; check the address, AWS_REGION and the keys that the environment holds`,
    { cause: error },
  );
}
