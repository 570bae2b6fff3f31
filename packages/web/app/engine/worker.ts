import * as Comlink from "comlink";
import { Engine } from "./engine.js";

Comlink.expose(new Engine());
