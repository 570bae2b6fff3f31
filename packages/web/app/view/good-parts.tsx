import { addGood, bank, busy, goodFiles, model, openBank, prompts, removeGood } from "../state.js";
import { camera, openCamera } from "./camera.js";
import { Drop, IMAGES } from "./drop.js";
import { Picture } from "./picture.js";

/** Step one: photos of good parts, or a bank of them. */
export function GoodParts() {
  const waits = busy.value !== null || model.value === null;
  return (
    <section class="card" aria-labelledby="good-title">
      <h2 id="good-title">
        <span class="step">1</span> Good parts
      </h2>
      <p class="hint">Four photos are enough to begin. They stay on this device.</p>
      <Drop label="Good parts" accept={IMAGES} onFiles={addGood} disabled={waits}>
        <b>Drop photos of good parts</b>
        <span>or choose files</span>
      </Drop>
      {prompts.value.length > 0 && (
        <ul class="thumbs" aria-label="Good parts">
          {prompts.value.map(({ name, photo }) => (
            <li key={name}>
              {photo ? <Picture bitmap={photo} label={name} /> : <span class="no-photo">{name}</span>}
              {goodFiles.value.some((file) => file.name === name) && (
                <button
                  type="button"
                  class="remove"
                  aria-label={`Remove ${name}`}
                  disabled={waits}
                  onClick={() => removeGood(name)}
                >
                  ×
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
      <div class="row">
        <button type="button" class="quiet" disabled={waits || camera.value !== null} onClick={openCamera}>
          Use the camera
        </button>
        <Drop
          label="Open a bank"
          class="pick"
          accept=".safetensors"
          single
          disabled={waits}
          onFiles={([file]) => openBank(file)}
        />
      </div>
      {bank.value && prompts.value.every(({ photo }) => !photo) && (
        <p class="hint">
          A bank keeps features of its good parts, not their photos. New good parts begin a bank of their own.
        </p>
      )}
    </section>
  );
}
