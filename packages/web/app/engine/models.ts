import { canonicalWeights } from "@inctrl/clip/web";
import { loadBackbone, type VitBackbone } from "@inctrl/detect/web";
import { type Device, parseSafetensors } from "@inctrl/tensor";
import { holdFile } from "@inctrl/tensor/files";
import { createStore, del, get, keys, set } from "idb-keyval";
import { type ModelName, NANO, type Notify } from "./types.js";

// Weights: nano comes with the page, and others stay in the browser's storage under the name of their file.

const NANO_URL = new URL("../../../clip/models/nano/model.safetensors", import.meta.url);
const NANO_CONFIG = new URL("../../../clip/models/nano/config.json", import.meta.url);

/** The largest file of weights: a browser gives a page about this much memory at once. */
const MAX_BYTES = 2 ** 31 - 1;

/** Weights as they are kept, and the configuration that came with them. */
interface Kept {
  readonly weights: Blob;
  readonly config?: string;
}

const store = () => createStore("inctrl", "models");

/** Names of the weights that the browser keeps. */
export const keptModels = async (): Promise<ModelName[]> => (await keys<string>(store())).sort();

export const forgetModel = (name: ModelName): Promise<void> => del(name, store());

/**
 * Keeps weights, whole or not at all, after they were read as a model would be.
 *
 * @param files one `.safetensors`, and a `config.json` where it has one.
 */
export async function keepModel(files: readonly File[]): Promise<ModelName> {
  const weights = files.find(({ name }) => name.endsWith(".safetensors"));
  if (!weights)
    throw new Error("no .safetensors among the files; save the weights in that form, and choose that file");
  if (weights.size > MAX_BYTES) throw new Error(`${weights.name}: a page reads weights of up to 2 GB`);
  const config = await files.find(({ name }) => name.endsWith(".json"))?.text();
  canonicalWeights(parseSafetensors(new Uint8Array(await weights.arrayBuffer()), weights.name));
  const kept: Kept = { weights: new Blob([weights]), ...(config !== undefined && { config }) };
  await navigator.storage?.persist?.().catch(() => false);
  await set(weights.name, kept, store());
  return weights.name;
}

/** Fetches weights from an address and keeps them. @throws Error where the address does not give them. */
export async function fetchModel(address: string, notify: Notify): Promise<ModelName> {
  const url = new URL(address);
  const name = decodeURIComponent(url.pathname.split("/").pop() ?? "");
  if (!name.endsWith(".safetensors"))
    throw new Error(`${address}: names no .safetensors file; give the address of the file itself`);
  return keepModel([new File([await fetchBytes(url, name, notify)], name)]);
}

/** Opens the weights of a name on a device. */
export async function openModel(
  device: Device,
  model: ModelName,
  notify: Notify,
  onNote: (line: string) => void,
): Promise<VitBackbone> {
  const folder = `models/${model}`;
  const config = `${folder}/config.json`;
  const [bytes, text] = model === NANO ? await fetchNano(notify) : await readKept(model);
  if (text !== undefined) holdFile(config, new TextEncoder().encode(text));
  using weights = disposing(canonicalWeights(parseSafetensors(bytes, `${folder}/model.safetensors`)));
  return await loadBackbone(device, weights, {
    ...(text !== undefined && { config }),
    ...{ name: model, onNote },
    onProgress: (done, total) => notify({ text: `Loading ${model}`, done, total }),
  });
}

/** Memory needs no closing. */
const disposing = <T extends object>(value: T): T & Disposable => ({ ...value, [Symbol.dispose]() {} });

async function fetchNano(notify: Notify): Promise<[Uint8Array<ArrayBuffer>, string]> {
  const [bytes, config] = await Promise.all([
    fetchBytes(NANO_URL, NANO, notify),
    fetchBytes(NANO_CONFIG, NANO, () => {}),
  ]);
  return [bytes, new TextDecoder().decode(config)];
}

async function readKept(model: ModelName): Promise<[Uint8Array<ArrayBuffer>, string | undefined]> {
  const kept = await get<Kept>(model, store());
  if (!kept) throw new Error(`${model}: the browser does not keep it any more; choose its file again`);
  return [new Uint8Array(await kept.weights.arrayBuffer()), kept.config];
}

async function fetchBytes(url: URL, name: string, notify: Notify): Promise<Uint8Array<ArrayBuffer>> {
  const answer = await fetch(url).catch(() => null);
  if (!answer)
    throw new Error(
      `${url.href}: no answer, or the server lets no page read it (CORS); download it and choose the file`,
    );
  if (!answer.ok || !answer.body) throw new Error(`${url.href}: the server answers ${answer.status}`);
  const total = Number(answer.headers.get("content-length")) || undefined;
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let done = 0;
  for (const reader = answer.body.getReader(); ; ) {
    const piece = await reader.read();
    if (piece.done) break;
    done += piece.value.length;
    if (done > MAX_BYTES) throw new Error(`${url.href}: is larger than the 2 GB that a page reads`);
    parts.push(piece.value);
    notify({ text: `Fetching ${name}`, done, total });
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
