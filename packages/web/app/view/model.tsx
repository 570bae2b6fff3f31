import { NANO, type SquareFit } from "../engine/types.js";
import {
  addModel,
  bank,
  busy,
  chooseFit,
  fit,
  forgetModel,
  goodFiles,
  kept,
  model,
  modelName,
  openModel,
} from "../state.js";
import { Drop } from "./drop.js";

/** Which weights see the images, and how these become square. */
export function ModelPanel() {
  const waits = busy.value !== null;
  return (
    <details class="card">
      <summary>
        <h2>Model and images</h2>
      </summary>
      <fieldset disabled={waits}>
        <legend>Model</legend>
        {[NANO, ...kept.value].map((name) => (
          <div class="choice" key={name}>
            <label>
              <input
                type="radio"
                name="model"
                checked={modelName.value === name}
                onChange={() => openModel(name)}
              />
              {name === NANO ? "nano, comes with the page" : name}
            </label>
            {name !== NANO && (
              <button
                type="button"
                class="remove inline"
                aria-label={`Remove ${name} from this browser`}
                onClick={() => forgetModel(name)}
              >
                ×
              </button>
            )}
          </div>
        ))}
        <Drop
          label="Add weights (.safetensors)"
          class="pick"
          accept=".safetensors,.json"
          disabled={waits}
          onFiles={addModel}
        />
        <form
          class="address"
          onSubmit={(event) => {
            event.preventDefault();
            const address = new FormData(event.currentTarget).get("address");
            if (typeof address === "string" && address !== "") void addModel(address);
          }}
        >
          <label class="field">
            or from an address
            <input type="url" name="address" placeholder="https://…/model.safetensors" pattern="https://.*" />
          </label>
          <button type="submit" class="quiet">
            Fetch
          </button>
        </form>
        <p class="hint">Weights stay in this browser's storage until you remove them.</p>
      </fieldset>
      <label class="field">
        Images that are not square
        <select
          disabled={waits || (bank.value !== null && goodFiles.value.length === 0)}
          value={fit.value}
          onChange={(event) => chooseFit(event.currentTarget.value as SquareFit)}
        >
          <option value="crop">the middle square</option>
          <option value="squash">all of it, squashed</option>
          <option value="tile">several squares</option>
        </select>
      </label>
      {model.value?.notes.map((note) => (
        <p class="hint" key={note}>
          {note}
        </p>
      ))}
    </details>
  );
}
