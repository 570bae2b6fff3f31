import { learn, product, undo, working } from "../../line/state.js";
import { plural } from "../../state.js";

/** What the bank can learn from parts that were confirmed, and how that is taken back. */
export function Learn() {
  const chosen = product.value;
  if (!chosen?.learn) return null;
  const { as, count, refused } = chosen.learn;
  const { last_change: last, version } = chosen;
  const waits = working.value !== null;
  return (
    <section class="card learn" aria-labelledby="learn-title">
      <h2 id="learn-title">
        Learn
        {version !== null && <span class="badge plain">Version {version}</span>}
      </h2>
      {refused ? (
        <p class="hint">To learn from parts: {refused}.</p>
      ) : (
        <>
          <p class="hint">
            {as === "calibration"
              ? "Parts that you call good move the line. Judge parts as they come: from flagged ones alone it lies too high."
              : "Flagged parts that you call good become good parts that others are compared with."}
          </p>
          <div class="row">
            <button type="button" disabled={waits || count === 0} onClick={() => learn(chosen)}>
              {count === 0 ? "Nothing to learn from yet" : `Learn from ${plural(count, "reviewed part")}`}
            </button>
          </div>
          {last?.what.endsWith("added") && (
            <div class="row told">
              <p class="hint">
                {plural(last.images, last.what.startsWith("prompts") ? "good part" : "part")} learnt,{" "}
                {new Date(last.made).toLocaleString()}.
              </p>
              <button type="button" class="quiet" disabled={waits} onClick={() => undo(chosen, last.version)}>
                Undo
              </button>
            </div>
          )}
        </>
      )}
    </section>
  );
}
