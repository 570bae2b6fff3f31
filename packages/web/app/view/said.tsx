import { problems, said } from "../state.js";

/** What went wrong, for all to see; what was found, for screen readers. */
export function Said() {
  return (
    <>
      <p class="for-readers" role="status" aria-live="polite">
        {said}
      </p>
      {problems.value.length > 0 && (
        <div class="problems" role="alert">
          <ul>
            {problems.value.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
          <button
            type="button"
            class="quiet"
            onClick={() => {
              problems.value = [];
            }}
          >
            Close
          </button>
        </div>
      )}
    </>
  );
}
