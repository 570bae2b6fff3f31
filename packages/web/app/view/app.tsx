import { hasService, route } from "../route.js";
import { missing } from "../state.js";
import { Check } from "./check.js";
import { GoodParts } from "./good-parts.js";
import { Header } from "./header.js";
import { LineView } from "./line/line-view.js";
import { LinePanel } from "./line-panel.js";
import { ModelPanel } from "./model.js";
import { NoWebGpu } from "./no-webgpu.js";
import { Said } from "./said.js";

/** The whole page: parts on this device, and the line of the service where one serves the page. */
export function App() {
  const line = route.value === "line";
  return (
    <>
      <a class="skip" href={line ? "#line-part" : "#check"}>
        {line ? "Skip to the part" : "Skip to checking parts"}
      </a>
      <Header />
      {hasService && <Views />}
      {line ? <LineView /> : <Parts />}
      <Said />
    </>
  );
}

/** What the page shows, by the name in its address. */
const VIEWS = { parts: "On this device", line: "The line" };

function Views() {
  return (
    <nav class="views" aria-label="Views">
      {Object.entries(VIEWS).map(([name, text]) => (
        <a key={name} href={`#${name}`} aria-current={route.value === name ? "page" : undefined}>
          {text}
        </a>
      ))}
    </nav>
  );
}

/** Good parts, the line they draw, and parts to check, all computed here. */
function Parts() {
  if (missing.value) return <NoWebGpu {...missing.value} />;
  return (
    <main>
      <div class="side">
        <GoodParts />
        <LinePanel />
        <ModelPanel />
      </div>
      <Check />
    </main>
  );
}
