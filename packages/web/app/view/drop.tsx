import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";

interface DropProps {
  readonly label: string;
  readonly accept: string;
  readonly onFiles: (files: File[]) => void;
  readonly disabled?: boolean;
  readonly single?: boolean;
  readonly class?: string;
  readonly children?: ComponentChildren;
}

/** Images that a page reads. */
export const IMAGES = ".png,.jpg,.jpeg,.bmp,.gif,.pgm,.ppm,.pbm,.pnm,image/png,image/jpeg,image/bmp";

/** A place to drop files on, which is a button that opens the file dialogue too. */
export function Drop({
  label,
  accept,
  onFiles,
  disabled,
  single,
  class: name = "drop",
  children,
}: DropProps) {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const take = (list: FileList | null | undefined) => {
    const files = [...(list ?? [])];
    if (files.length > 0 && !disabled) onFiles(single ? files.slice(0, 1) : files);
  };
  return (
    <div class={`${name}${over ? " over" : ""}`}>
      <button
        type="button"
        disabled={disabled}
        onClick={() => input.current?.click()}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          take(event.dataTransfer?.files);
        }}
      >
        {children ?? label}
      </button>
      <input
        ref={input}
        type="file"
        tabIndex={-1}
        aria-label={label}
        accept={accept}
        multiple={!single}
        onChange={(event) => {
          take(event.currentTarget.files);
          event.currentTarget.value = "";
        }}
      />
    </div>
  );
}
