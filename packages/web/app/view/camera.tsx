import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { addGood, bank, busy, check, checkFrame, endLive, goodFiles, tellProblem } from "../state.js";

export const camera = signal<MediaStream | null>(null);
const checking = signal(false);
let photos = 0;

/** Asks for the camera; the picture appears where parts are checked. */
export async function openCamera(): Promise<void> {
  try {
    camera.value = await navigator.mediaDevices.getUserMedia({
      video: { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 960 } },
    });
  } catch (error) {
    const denied = (error as Error).name === "NotAllowedError";
    tellProblem(
      denied
        ? "The camera is not allowed here; allow it in the browser's bar of addresses."
        : `No camera can be used (${(error as Error).message}).`,
    );
  }
}

function closeCamera(): void {
  checking.value = false;
  for (const track of camera.value?.getTracks() ?? []) track.stop();
  camera.value = null;
  endLive();
}

/** The picture of a video as a PNG file, which is then treated as any other. */
async function photograph(video: HTMLVideoElement, name: string): Promise<File> {
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
  canvas.getContext("2d")!.drawImage(video, 0, 0);
  return new File([await canvas.convertToBlob({ type: "image/png" })], name, { type: "image/png" });
}

/** The camera's picture: take good parts, check one, or check frame after frame. */
export function Camera() {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (video.current) video.current.srcObject = camera.value;
  }, [camera.value]);
  useEffect(() => {
    if (!checking.value) return;
    let goes = true;
    const loop = async () => {
      while (goes && video.current) {
        // A frame is taken once the one before is told, so that none waits.
        if (busy.value === null && video.current.videoWidth > 0)
          await createImageBitmap(video.current)
            .then(checkFrame)
            .catch((error: Error) => {
              tellProblem(error.message);
              checking.value = false;
            });
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
      endLive();
    };
    void loop();
    return () => {
      goes = false;
    };
  }, [checking.value]);
  const take = async (use: (files: File[]) => Promise<void>, kind: string) => {
    if (video.current && video.current.videoWidth > 0)
      await use([await photograph(video.current, `${kind}-${++photos}.png`)]);
  };
  const waits = busy.value !== null;
  const none = !bank.value;
  return (
    <div class="camera">
      <video ref={video} autoplay muted playsInline aria-label="Camera" />
      <div class="row">
        <button type="button" disabled={waits} onClick={() => take(addGood, "good")}>
          Take a good part{goodFiles.value.length > 0 && ` (${goodFiles.value.length})`}
        </button>
        <button type="button" disabled={waits || none} onClick={() => take(check, "part")}>
          Check this one
        </button>
        <button
          type="button"
          aria-pressed={checking.value}
          disabled={none}
          onClick={() => {
            checking.value = !checking.value;
          }}
        >
          {checking.value ? "Stop checking" : "Check live"}
        </button>
        <button type="button" class="quiet" onClick={closeCamera}>
          Close the camera
        </button>
      </div>
    </div>
  );
}
