import type { Scale } from "@inctrl/detect/web";
import { useEffect, useState } from "preact/hooks";
import { getBlob, getMap } from "../../line/service.js";
import { partPath, picked, product, review, shownPart, working } from "../../line/state.js";
import type { Part, Product } from "../../line/types.js";
import { plural } from "../../state.js";
import { Legend } from "../legend.js";
import { Marks } from "../marks.js";
import { WORDS } from "../words.js";

/** The part that was chosen, or the newest one: what was said of it, and where it is unusual. */
export function PartView() {
  const of = product.value;
  const part = shownPart.value;
  if (!of || !part) return null;
  const { verdict, p_value: p, score, regions, width, height, match, error } = part;
  const boxes = (regions ?? []).map(({ box }) => box);
  return (
    <article class="result" aria-label={part.part}>
      <div class={`verdict ${verdict ?? "none"}`}>
        <span class="sign" aria-hidden="true">
          {verdict ? WORDS[verdict][0] : "–"}
        </span>
        <div>
          <strong>{verdict ? WORDS[verdict][1] : `Score ${score?.toFixed(3)}`}</strong>
          <span class="name">{part.part}</span>
        </div>
        <dl>
          {p !== null && (
            <Fact
              name="p"
              what="The share of good parts that score at least as high"
              text={p.toPrecision(2)}
            />
          )}
          {score !== null && <Fact name="score" what="Higher is more unusual" text={score.toFixed(4)} />}
          <Fact name="time" what={part.time} text={new Date(part.time).toLocaleTimeString()} />
        </dl>
      </div>
      {error && <p class="warned">{error.message}</p>}
      {verdict !== "ERROR" && <Review of={of} part={part} />}
      <div class="figures">
        <figure>
          <Shown
            of={of}
            part={part}
            what="image"
            label={`${part.part}: ${plural(boxes.length, "region")} above the line`}
          >
            {width !== null && height !== null && (
              <Marks width={width} height={height} regions={boxes} patch={null} />
            )}
          </Shown>
          <figcaption>
            <span>{boxes.length === 0 ? "no region" : plural(boxes.length, "region")} above the line</span>
            {match && <span title={match.prompt}>Nearest good part: {fileOf(match.prompt)}</span>}
          </figcaption>
        </figure>
        {score !== null && (
          <figure>
            {picked.value ? (
              <Shown of={of} part={part} what="map" label={`${part.part}, heat map`} />
            ) : (
              // Drawing takes a thread of the service for a while, so that it is not asked for part after part.
              <div class="frame no-photo">
                <button
                  type="button"
                  class="quiet"
                  onClick={() => {
                    picked.value = part;
                  }}
                >
                  Show the heat map
                </button>
              </div>
            )}
            <figcaption>Heat map</figcaption>
          </figure>
        )}
      </div>
    </article>
  );
}

const fileOf = (path: string): string => path.split(/[\\/]/).pop() || path;

function Fact({ name, what, text }: { readonly name: string; readonly what: string; readonly text: string }) {
  return (
    <div title={what}>
      <dt>{name}</dt>
      <dd>{text}</dd>
    </div>
  );
}

/** Confirms or overrules. The button that was not chosen takes the other one back. */
function Review({ of, part }: { readonly of: Product; readonly part: Part }) {
  const said = part.review?.verdict;
  if (!of.reviews)
    return <p class="hint">To confirm or overrule verdicts, start the service with --reviews FOLDER.</p>;
  const button = (verdict: "good" | "bad", text: string) => (
    <button
      type="button"
      class={`quiet say ${verdict}`}
      aria-pressed={said === verdict}
      disabled={working.value !== null}
      onClick={() => review(of, part, verdict)}
    >
      {text}
    </button>
  );
  return (
    <fieldset class="row" aria-label="What you say of it">
      {button("good", "It is good")}
      {button("bad", "It is not good")}
    </fieldset>
  );
}

interface ShownProps {
  readonly of: Product;
  readonly part: Part;
  readonly what: "image" | "map";
  readonly label: string;
  readonly children?: preact.ComponentChildren;
}

/** A picture of the service, fetched with the token. */
function Shown({ of, part, what, label, children }: ShownProps) {
  const [address, setAddress] = useState<string | null>(null);
  const [scale, setScale] = useState<Scale | null>(null);
  const [why, setWhy] = useState<string | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    let url: string | null = null;
    setAddress(null);
    setScale(null);
    setWhy(null);
    const path = `${partPath(of, part)}/${what}`;
    const asked =
      what === "map"
        ? getMap(path, stop.signal)
        : getBlob(path, stop.signal).then((blob) => ({ blob, scale: null }));
    asked
      .then(({ blob, scale }) => {
        if (stop.signal.aborted) return;
        setScale(scale);
        if (!blob.type.startsWith("image/")) return setWhy("Browsers cannot show this format.");
        url = URL.createObjectURL(blob);
        setAddress(url);
      })
      .catch((error: Error) => {
        if (!stop.signal.aborted) setWhy(error.message);
      });
    return () => {
      stop.abort();
      if (url) URL.revokeObjectURL(url);
    };
  }, [of.name, part.part, part.sha256, what]);
  if (why) return <div class="frame no-photo">{why}</div>;
  return (
    <>
      <div class={`frame${address ? "" : " no-photo"}`}>
        {address && (
          <>
            <img
              src={address}
              alt={label}
              class={of.orientation === "ignore" && what === "image" ? "as-stored" : undefined}
              onError={() => setWhy("Browsers cannot show this picture.")}
            />
            {children}
          </>
        )}
      </div>
      {scale && <Legend {...scale} />}
    </>
  );
}
