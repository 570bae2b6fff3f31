import { useEffect, useRef } from "preact/hooks";

interface PictureProps {
  readonly bitmap: ImageBitmap;
  readonly label: string;
  readonly class?: string;
}

/** A bitmap on a canvas of its size, which styles scale. */
export function Picture({ bitmap, label, class: name }: PictureProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    // A bitmap that was let go has no size, and its picture is on its way out.
    if (bitmap.width > 0) canvas.current?.getContext("2d")?.drawImage(bitmap, 0, 0);
  }, [bitmap]);
  return (
    <canvas
      ref={canvas}
      role="img"
      aria-label={label}
      width={bitmap.width}
      height={bitmap.height}
      class={name}
    />
  );
}
