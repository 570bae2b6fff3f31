import { getBlob, ServiceError } from "./service.js";
import { partPath } from "./state.js";
import type { Part, Product } from "./types.js";

/** Small pictures that are held, and how wide they are. */
const [MOST, WIDTH] = [200, 112];

/** Pictures that are fetched at a time, so that looks at the service do not wait behind them. */
const AT_ONCE = 3;

const small = new Map<string, Promise<ImageBitmap | null>>();
let free = AT_ONCE;
const waiting: (() => void)[] = [];

async function inTurn<T>(job: () => Promise<T>): Promise<T> {
  if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve));
  else free--;
  try {
    return await job();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else free++;
  }
}

/** A part's picture, small; null where the browser cannot show it. Each is fetched once, by its bytes. */
export function smallPicture(product: Product, part: Part): Promise<ImageBitmap | null> {
  const { sha256 } = part;
  const there = small.get(sha256);
  if (there) {
    small.delete(sha256);
    small.set(sha256, there);
    return there;
  }
  const bitmap = inTurn(async () => {
    const blob = await getBlob(`${partPath(product, part)}/image`);
    if (!blob.type.startsWith("image/")) return null;
    const orientation = product.orientation === "ignore" ? "none" : "from-image";
    return createImageBitmap(blob, {
      ...{ resizeWidth: WIDTH, resizeQuality: "medium", imageOrientation: orientation as ImageOrientation },
    });
  }).catch((error) => {
    // What was not told may be told later; what cannot be decoded stays so.
    if (error instanceof ServiceError) small.delete(sha256);
    return null;
  });
  small.set(sha256, bitmap);
  for (const [oldest, old] of small) {
    if (small.size <= MOST) break;
    small.delete(oldest);
    void old.then((picture) => picture?.close());
  }
  return bitmap;
}
