import { extname } from "node:path";
import { isS3, type Objects, openObjects, parseS3 } from "@inctrl/cluster";
import { type FindOptions, findImages, leftOutText, type Reading } from "@inctrl/datasets";
import { fileImage, type ImageItem, memoryImage } from "@inctrl/detect";
import { streamPlainFile } from "@inctrl/tensor/files";
import { warn } from "../ui/log.js";

/** Files that name images, one a line. */
const LIST = /\.(txt|list)$/i;

/** Bytes of a list: ten million names of 100 bytes have 1 GB. */
const LIST_BYTES = 1e12;

/** Objects that are images by their names. */
const IMAGE = /\.(png|apng|bmp|dib|jpe?g|jpe|jfif|jp[2xfc]|j2[kc]|webp|tiff?|gif|p[abgnpf]m)$/i;

/** Objects that are fetched ahead, and bytes that one may have. */
const AHEAD = 8;
const OBJECT_BYTES = 512e6;

/** Names of the images that are meant, in order: files and folders as `inctrl score` takes them, lists of names, and places in buckets. */
export async function* namesOf(paths: readonly string[], find: FindOptions = {}): AsyncGenerator<string> {
  for (const path of paths) {
    if (isS3(path)) yield* namesInBucket(path);
    else if (LIST.test(extname(path))) yield* namesInList(path);
    else {
      const { images, left } = await findImages([path], find);
      if (left.length > 0) warn(`${left.length} left out: ${leftOutText(left)}`);
      yield* images;
    }
  }
}

async function* namesInList(path: string): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const piece of streamPlainFile(path, LIST_BYTES)) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split("\n");
    rest = lines.pop() as string;
    for (const line of lines) if (line.trim() !== "") yield line.replace(/\r$/, "");
  }
  if (rest.trim() !== "") yield rest;
}

async function* namesInBucket(url: string): AsyncGenerator<string> {
  const objects = await openObjects();
  const place = parseS3(url);
  try {
    if (IMAGE.test(place.key)) yield url;
    else
      for await (const key of objects.list(place, true))
        if (IMAGE.test(key)) yield `s3://${place.bucket}/${key}`;
  } finally {
    objects.close();
  }
}

/**
 * Images by their names, which are asked for as they are needed; objects are fetched a few ahead. What cannot be fetched fails as what
 * cannot be read does.
 */
export async function* itemsOf(names: AsyncIterable<string>, reading: Reading): AsyncGenerator<ImageItem> {
  let objects: Objects | null = null;
  const waiting: Promise<ImageItem>[] = [];
  try {
    for await (const name of names) {
      if (!isS3(name)) {
        while (waiting.length > 0) yield await (waiting.shift() as Promise<ImageItem>);
        yield fileImage(name, reading);
        continue;
      }
      objects ??= await openObjects();
      waiting.push(fetched(objects, name, reading));
      if (waiting.length >= AHEAD) yield await (waiting.shift() as Promise<ImageItem>);
    }
    while (waiting.length > 0) yield await (waiting.shift() as Promise<ImageItem>);
  } finally {
    await Promise.allSettled(waiting);
    objects?.close();
  }
}

async function fetched(objects: Objects, name: string, reading: Reading): Promise<ImageItem> {
  try {
    const bytes = await objects.get(parseS3(name), OBJECT_BYTES);
    if (bytes !== null) return memoryImage(name, bytes, reading);
    return { id: name, load: () => Promise.reject(new Error(`${name}: there is no such object`)) };
  } catch (error) {
    return { id: name, load: () => Promise.reject(error) };
  }
}
