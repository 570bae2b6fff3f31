import { signal, useSignal } from "@preact/signals";
import { busy, type Listed, learnFrom, prompts } from "../state.js";
import { Legend, valueAt } from "./legend.js";
import { Marks } from "./marks.js";
import { Picture } from "./picture.js";
import { WORDS } from "./words.js";

const heatShown = signal(true);

/** A verdict, what it stands on, and where the part differs from which good one. */
export function ResultView({ result }: { readonly result: Listed }) {
  const { name, photo, heat, score, verdict, p, scaled, status, regions, patch, nearest, ms, file } = result;
  const under = useSignal<number | undefined>(undefined);
  const prompt = nearest && prompts.value[nearest.prompt]?.photo;
  const found =
    regions.length === 0 ? "no region" : regions.length === 1 ? "1 region" : `${regions.length} regions`;
  return (
    <article class="result" aria-label={name}>
      <div class={`verdict ${verdict ?? "none"}`}>
        <span class="sign" aria-hidden="true">
          {verdict ? WORDS[verdict][0] : "–"}
        </span>
        <div>
          <strong>{verdict ? WORDS[verdict][1] : `Score ${score.toFixed(3)}`}</strong>
          <span class="name">{name}</span>
        </div>
        <dl>
          {p !== null && (
            <div title="The share of good parts that score at least as high">
              <dt>p</dt>
              <dd>{p.toPrecision(2)}</dd>
            </div>
          )}
          <div title="The distance to the nearest good part: larger is more unusual">
            <dt>score</dt>
            <dd title={String(score)}>{score.toFixed(4)}</dd>
          </div>
          <div>
            <dt>time</dt>
            <dd>{ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`}</dd>
          </div>
        </dl>
      </div>
      {scaled !== null && (
        <div class="scale">
          <meter class="for-readers" value={scaled} aria-label="Scaled score; above 0.5 is flagged" />
          <div class="bar" aria-hidden="true">
            <svg aria-hidden="true">
              <line class="tick" x1="50%" x2="50%" y1="0" y2="18" />
              <circle class="at" cx={`${100 * scaled}%`} cy="9" r="7" />
            </svg>
          </div>
          <p>
            <span>like good parts</span>
            <span>the line{status === "hint" && ", a hint"}</span>
            <span>unlike them</span>
          </p>
        </div>
      )}
      {verdict === "OK" && status !== "calibrated" && (
        <p class="hint">
          It is like the good parts. The line stands on few of them, so that this is no promise.
        </p>
      )}
      {file && (verdict === "NG" || verdict === "REVIEW") && (
        <div class="row">
          <button type="button" class="quiet" disabled={busy.value !== null} onClick={() => learnFrom(file)}>
            It is good: learn from it
          </button>
        </div>
      )}
      <div class="figures">
        <figure>
          <div
            class="frame"
            onPointerMove={({ currentTarget, clientX, clientY }) => {
              const { left, top, width, height } = currentTarget.getBoundingClientRect();
              under.value = valueAt(result.map, photo, (clientX - left) / width, (clientY - top) / height);
            }}
            onPointerLeave={() => {
              under.value = undefined;
            }}
          >
            <Picture
              bitmap={heatShown.value ? heat : photo}
              label={`${name}, ${heatShown.value ? "heat map" : "photo"}: ${found} above the line`}
            />
            <Marks
              width={photo.width}
              height={photo.height}
              regions={regions.map(({ box }) => box)}
              patch={regions.length === 0 ? patch : null}
            />
          </div>
          {heatShown.value && <Legend {...result.scale} value={under.value} />}
          <figcaption>
            <label class="switch">
              <input
                type="checkbox"
                checked={heatShown.value}
                onChange={(event) => {
                  heatShown.value = event.currentTarget.checked;
                }}
              />
              Heat map
            </label>
            <span>{found} above the line</span>
          </figcaption>
        </figure>
        {nearest && (
          <figure>
            {prompt ? (
              <div class="frame">
                <Picture bitmap={prompt} label={`The nearest good part, ${nearest.name}`} />
                <Marks width={prompt.width} height={prompt.height} regions={[]} patch={nearest.patch} />
              </div>
            ) : (
              <div class="frame no-photo">{nearest.name}</div>
            )}
            <figcaption>
              <span>Nearest good part: {nearest.name}</span>
            </figcaption>
          </figure>
        )}
      </div>
    </article>
  );
}
