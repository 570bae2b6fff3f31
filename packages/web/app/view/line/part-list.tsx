import { useEffect, useRef, useState } from "preact/hooks";
import { smallPicture } from "../../line/pictures.js";
import { chooseFilter, counts, filter, isSame, parts, picked, product, shownPart } from "../../line/state.js";
import type { Part, Product, Verdict } from "../../line/types.js";
import { Picture } from "../picture.js";

const FILTERS: readonly (Verdict | null)[] = [null, "NG", "REVIEW", "OK", "ERROR"];

/** The last parts, the newest first. */
export function PartList() {
  const of = product.value;
  const shown = shownPart.value;
  return (
    <section class="card parts" aria-labelledby="parts-title">
      <h2 id="parts-title">Last parts</h2>
      <fieldset class="row filters" aria-label="Verdicts">
        {FILTERS.map((verdict) => (
          <button
            key={verdict ?? "all"}
            type="button"
            class="quiet"
            aria-pressed={filter.value === verdict}
            onClick={() => chooseFilter(verdict)}
          >
            {verdict ?? "All"}
            {verdict && counts.value && <span class="count">{counts.value[verdict]}</span>}
          </button>
        ))}
      </fieldset>
      {picked.value && (
        <button
          type="button"
          class="quiet"
          onClick={() => {
            picked.value = null;
          }}
        >
          Follow the newest
        </button>
      )}
      {of && parts.value.length > 0 ? (
        <ul class="rows">
          {parts.value.map((part) => (
            <li key={`${part.part} ${part.time}`}>
              <Row of={of} part={part} pressed={shown !== null && isSame(part, shown)} />
            </li>
          ))}
        </ul>
      ) : (
        <p class="hint">{filter.value ? `No part is ${filter.value}.` : "No part has come yet."}</p>
      )}
    </section>
  );
}

interface RowProps {
  readonly of: Product;
  readonly part: Part;
  readonly pressed: boolean;
}

function Row({ of, part, pressed }: RowProps) {
  const { verdict, p_value: p, score, review } = part;
  const said = review && (review.verdict === "good" ? "called good" : "called not good");
  return (
    <button
      type="button"
      aria-pressed={pressed}
      onClick={() => {
        picked.value = part;
        // On a narrow page the part stands above the list.
        if (matchMedia("(max-width: 860px)").matches) document.getElementById("line-part")?.scrollIntoView();
      }}
    >
      <Small of={of} part={part} />
      <span class="what">
        <b>{part.part}</b>
        <span>
          {p !== null ? `p ${p.toPrecision(2)}` : score !== null ? `score ${score.toFixed(3)}` : ""}
          {said && `${p !== null || score !== null ? " · " : ""}${said}`}
        </span>
      </span>
      <span class="when">
        <span class={`mark ${verdict ?? ""}`}>{verdict ?? "no line"}</span>
        <time dateTime={part.time}>{new Date(part.time).toLocaleTimeString()}</time>
      </span>
    </button>
  );
}

/** The picture, once it comes into sight. */
function Small({ of, part }: Omit<RowProps, "pressed">) {
  const [bitmap, setBitmap] = useState<ImageBitmap | null>(null);
  const place = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    let wanted = true;
    const seen = new IntersectionObserver((entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      seen.disconnect();
      void smallPicture(of, part).then((picture) => wanted && setBitmap(picture));
    });
    seen.observe(place.current!);
    return () => {
      wanted = false;
      seen.disconnect();
    };
  }, [part.sha256]);
  return (
    <span class="small" ref={place} aria-hidden="true">
      {bitmap && <Picture bitmap={bitmap} label="" />}
    </span>
  );
}
