import { bank, busy, check, chosen, results, shown } from "../state.js";
import { Camera, camera, openCamera } from "./camera.js";
import { Drop, IMAGES } from "./drop.js";
import { Picture } from "./picture.js";
import { ResultView } from "./result.js";

/** Step three: parts to check, by files or by the camera. */
export function Check() {
  const waits = busy.value !== null || !bank.value;
  const result = shown.value;
  return (
    <section class="card check" id="check" tabIndex={-1} aria-labelledby="check-title">
      <h2 id="check-title">
        <span class="step">3</span> Check parts
      </h2>
      {camera.value && <Camera />}
      <Drop
        label="Parts to check"
        accept={IMAGES}
        onFiles={check}
        disabled={waits}
        class={result ? "drop slim" : "drop tall"}
      >
        <b>{bank.value ? "Drop photos of parts to check" : "First give a few good parts"}</b>
        {bank.value && <span>or choose files</span>}
      </Drop>
      {!camera.value && bank.value && (
        <div class="row">
          <button type="button" class="quiet" disabled={busy.value !== null} onClick={openCamera}>
            Check live with the camera
          </button>
        </div>
      )}
      {result && <ResultView result={result} />}
      {results.value.length > 1 && (
        <ul class="strip" aria-label="Parts that were checked">
          {results.value.map((each) => (
            <li key={each.id}>
              <button
                type="button"
                aria-pressed={each.id === result?.id}
                aria-label={`${each.name}: ${each.verdict ?? each.score.toFixed(3)}`}
                onClick={() => {
                  chosen.value = each.id;
                }}
              >
                <Picture bitmap={each.photo} label="" />
                <span class={`mark ${each.verdict ?? ""}`}>{each.verdict ?? each.score.toFixed(2)}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
