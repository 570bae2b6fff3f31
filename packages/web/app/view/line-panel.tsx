import { useState } from "preact/hooks";
import { allow, bank, busy, calibrate, saveBank } from "../state.js";
import { Drop, IMAGES } from "./drop.js";
import { TITLES } from "./words.js";

const SHARES = [0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2];

/** Step two: where good ends, what that promises, and the bank as a file. */
export function LinePanel() {
  const [wanted, setWanted] = useState(0.01);
  const line = bank.value?.line;
  const alpha = line?.alpha ?? wanted;
  const waits = busy.value !== null || !bank.value;
  return (
    <section class="card" aria-labelledby="line-title">
      <h2 id="line-title">
        <span class="step">2</span> The line
        {line && <span class={`badge ${line.status}`}>{TITLES[line.status]}</span>}
      </h2>
      {line ? (
        line.sentences.map((text, i) => (
          <p key={text} class={i === 0 ? "promise" : "hint"}>
            {text}
          </p>
        ))
      ) : (
        <p class="hint">
          {bank.value
            ? "One good part draws no line. Add a second one, or good parts to calibrate by."
            : "Good parts draw a first line. More of them, which are not among those above, make it one you can rely on."}
        </p>
      )}
      <label class="field">
        Good parts that may be flagged
        <select
          disabled={busy.value !== null}
          value={alpha}
          onChange={(event) => {
            const share = Number(event.currentTarget.value);
            setWanted(share);
            if (line) void allow(share);
          }}
        >
          {[...new Set([...SHARES, alpha])]
            .sort((a, b) => a - b)
            .map((share) => (
              <option key={share} value={share}>
                {Number((100 * share).toPrecision(3))}%
              </option>
            ))}
        </select>
      </label>
      <div class="row">
        <Drop
          label="Calibrate with good parts"
          class="pick"
          accept={IMAGES}
          disabled={waits}
          onFiles={(files) => calibrate(files, alpha)}
        />
        <button type="button" class="quiet" disabled={waits} onClick={saveBank}>
          Save the bank
        </button>
      </div>
    </section>
  );
}
