import type { Missing } from "../client.js";

/** Why nothing can be computed here, and what to do. */
export function NoWebGpu({ why, mend }: Missing) {
  return (
    <main class="alone">
      <section class="card" role="alert">
        <h2>This page needs WebGPU</h2>
        <p>{why}</p>
        <ul>
          {mend.map((text) => (
            <li key={text}>{text}</li>
          ))}
        </ul>
      </section>
    </main>
  );
}
