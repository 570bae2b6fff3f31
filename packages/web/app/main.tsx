import { render } from "preact";
import { start } from "./state.js";
import { App } from "./view/app.js";

render(<App />, document.getElementById("app")!);
void start();
