import { missing } from "../state.js";
import { Check } from "./check.js";
import { GoodParts } from "./good-parts.js";
import { Header } from "./header.js";
import { LinePanel } from "./line.js";
import { ModelPanel } from "./model.js";
import { NoWebGpu } from "./no-webgpu.js";
import { Said } from "./said.js";

/** The whole page: good parts, the line they draw, and parts to check. */
export function App() {
  return (
    <>
      <a class="skip" href="#check">
        Skip to checking parts
      </a>
      <Header />
      {missing.value ? (
        <NoWebGpu {...missing.value} />
      ) : (
        <main>
          <div class="side">
            <GoodParts />
            <LinePanel />
            <ModelPanel />
          </div>
          <Check />
        </main>
      )}
      <Said />
    </>
  );
}
