import { chooseProduct, counts, product, products } from "../../line/state.js";
import { TITLES } from "../words.js";

/** Which product, what its line promises, and whether its parts have drifted. */
export function ProductPanel() {
  const all = products.value ?? [];
  const chosen = product.value;
  if (!chosen) return null;
  const { name, state, problem, calibration, promise, drift } = chosen;
  const kept = counts.value && Object.values(counts.value).reduce((sum, count) => sum + count, 0);
  return (
    <section class="card" aria-labelledby="product-title">
      <h2 id="product-title">
        {all.length > 1 ? "Product" : name}
        {calibration && <span class={`badge ${calibration.status}`}>{TITLES[calibration.status]}</span>}
      </h2>
      {all.length > 1 && (
        <select
          aria-label="Product"
          value={name}
          onChange={(event) => chooseProduct(event.currentTarget.value)}
        >
          {all.map((each) => (
            <option key={each.name} value={each.name}>
              {each.name}
            </option>
          ))}
        </select>
      )}
      {problem && (
        <p class="warned">
          {state === "serving"
            ? "Its file was refused, and the bank before is served: "
            : "Its bank is refused: "}
          {problem}
        </p>
      )}
      {promise.map((text, i) => (
        <p key={text} class={i === 0 ? "promise" : "hint"}>
          {text}
        </p>
      ))}
      {drift && <p class={drift.startsWith("drift") ? "warned" : "hint"}>{sentence(drift)}</p>}
      {kept !== null && (
        <p class="hint">The service keeps {kept === 1 ? "1 part" : `${kept} parts`} of it.</p>
      )}
    </section>
  );
}

const sentence = (text: string): string =>
  `${text[0].toUpperCase()}${text.slice(1)}${text.endsWith(".") ? "" : "."}`;
