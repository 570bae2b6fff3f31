import { effect } from "@preact/signals";
import { render } from "preact";
import { route } from "./route.js";
import { start } from "./state.js";
import { App } from "./view/app.js";

render(<App />, document.getElementById("app")!);
// A file that misses its place must not replace the page.
for (const kind of ["dragover", "drop"]) addEventListener(kind, (event) => event.preventDefault());

effect(() => {
  if (route.value === "parts") void start();
});
