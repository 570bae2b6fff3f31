// A page that runs one script at a time and keeps what it prints.
import { createServer } from "node:http";

const PAGE = `<!doctype html><link rel="icon" href="data:,"><script>
var printed = [];
for (const name of ["log", "error", "warn"]) console[name] = (...words) => printed.push(words.join(" "));
addEventListener("error", ({ error, message }) => printed.push(String(error?.stack ?? message), "Duration: none"));
addEventListener("unhandledrejection", ({ reason }) => printed.push(String(reason?.stack ?? reason), "Duration: none"));
</script><script type="module" src="/test.js"></script>`;

/** An expression of the page that is true once uvu's summary, or what stopped the script, is printed. */
export const ENDED = "printed.some((line) => line.includes('Duration:'))";
/** An expression of the page: what the script printed. */
export const PRINTED = "printed.join('\\n')";

/** @returns {Promise<{address: string, show(script: string): void, close(): void}>} a server on loopback; `show` changes the page's script. */
export async function servePage() {
  let script = "";
  const server = createServer(({ url }, response) => {
    const [type, body] = url === "/test.js" ? ["text/javascript", script] : ["text/html", PAGE];
    response
      .writeHead(200, { "content-type": `${type}; charset=utf-8`, "cache-control": "no-store" })
      .end(body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `http://127.0.0.1:${server.address().port}/`,
    show(text) {
      script = text;
    },
    close: () => server.close(),
  };
}
