import { useEffect } from "preact/hooks";
import { away, follow, giveToken, products, shownPart, tokenAsked, trouble } from "../../line/state.js";
import { Learn } from "./learn.js";
import { PartList } from "./part-list.js";
import { PartView } from "./part-view.js";
import { ProductPanel } from "./product-panel.js";

/** What the service says of its parts, as they come. */
export function LineView() {
  useEffect(follow, []);
  if (tokenAsked.value !== null) return <AskToken why={tokenAsked.value} />;
  const lost = away.value;
  return (
    <main class="line">
      {lost && (
        <p class="card lost" role="alert">
          <b>The service is away since {lost.since.toLocaleTimeString()}.</b> {lost.why} What is shown is from
          before; this page tries again.
        </p>
      )}
      {products.value === null ? (
        !lost && <p class="card hint">Asking the service…</p>
      ) : products.value.length === 0 ? (
        <p class="card">The service has no product; put a NAME.bank.safetensors into its folder.</p>
      ) : (
        <>
          <div class="side">
            <ProductPanel />
            <Learn />
          </div>
          <section class="card check" id="line-part" tabIndex={-1} aria-label="The part">
            {shownPart.value ? <PartView /> : <p class="hint">No part has come yet.</p>}
          </section>
          <PartList />
        </>
      )}
      {trouble.value && (
        <div class="problems" role="alert">
          {trouble.value}
          <button
            type="button"
            class="quiet"
            onClick={() => {
              trouble.value = null;
            }}
          >
            Close
          </button>
        </div>
      )}
    </main>
  );
}

function AskToken({ why }: { readonly why: string }) {
  return (
    <main class="alone">
      <form
        class="card"
        onSubmit={(event) => {
          event.preventDefault();
          const token = new FormData(event.currentTarget).get("token");
          if (typeof token === "string" && token !== "") void giveToken(token.trim());
        }}
      >
        <h2>Who asks?</h2>
        <p role="alert">{why}</p>
        <label class="field">
          Token
          <input type="password" name="token" autocomplete="off" required />
        </label>
        <div class="row">
          <button type="submit">Show the line</button>
        </div>
        <p class="hint">It stays in this tab until the tab is closed.</p>
      </form>
    </main>
  );
}
