// A sink in a process of its own, to be killed: `mqtt-child.ts URL`. It tells one entry and stays.
import { mqtt } from "../../src/index.js";

const sink = mqtt({ url: process.argv[2], user: "watch", password: "secret" });
await sink.send({ id: "child", kind: "part", time: "2026-01-02T03:04:05Z" }, new AbortController().signal);
process.stdout.write("told\n");
setInterval(() => {}, 1000);
