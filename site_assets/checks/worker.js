// The worker of a page's checks: loads Pyodide and numpy once, then runs one job after the other.
const MOST_PRINTED = 20_000; // characters of a job
const TYPES = { wasm: "application/wasm", js: "text/javascript", mjs: "text/javascript" };
const plainFetch = globalThis.fetch.bind(globalThis);

async function answerOf(url) {
  const answer = await plainFetch(url);
  if (!answer.ok) throw new Error(`${url.pathname.split("/").pop()}: ${answer.status}`);
  return answer;
}

async function hashOf(bytes) {
  if (!globalThis.crypto?.subtle)
    throw new Error("files of another host can be verified on https pages only");
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// What the browser keeps of Python between visits; nothing where it keeps nothing for this page.
async function openStore(version) {
  try {
    const name = `course-python-${version}`,
      old = (await caches.keys()).filter((key) => key.startsWith("course-python-") && key !== name);
    await Promise.all(old.map((key) => caches.delete(key)));
    return await caches.open(name);
  } catch {
    return null;
  }
}

async function read(name, answer, size, onBytes) {
  const bytes = new Uint8Array(size),
    reader = answer.body.getReader();
  let at = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    if (at + part.value.length > size) throw new Error(`${name} is not the published file`);
    bytes.set(part.value, at);
    at += part.value.length;
    onBytes(part.value.length);
  }
  return bytes.subarray(0, at);
}

// The bytes of one of Pyodide's files; what comes from another host must be the published file.
async function load(name, fact, { base, store, onBytes }) {
  const url = new URL(name, base),
    kept = await store?.match(url);
  const bytes = await read(name, kept ?? (await answerOf(url)), fact.bytes, onBytes);
  const known = base.origin === location.origin || (await hashOf(bytes)) === fact.sha256;
  if (bytes.length !== fact.bytes || !known) {
    await store?.delete(url);
    throw new Error(`${name} is not the published file`);
  }
  if (!kept) store?.put(url, new Response(bytes)).catch(() => {}); // there may be no room
  return bytes;
}

// Load all files side by side and report how far that is.
function loadAll(files, base, store) {
  const total = Object.values(files).reduce((sum, fact) => sum + fact.bytes, 0);
  let done = 0,
    told = 0;
  const onBytes = (count) => {
    done += count;
    if (done - told < 200_000 && done < total) return;
    told = done;
    postMessage({ type: "loading", done, total });
  };
  postMessage({ type: "loading", done, total });
  return Object.fromEntries(
    Object.entries(files).map(([name, fact]) => [name, load(name, fact, { base, store, onBytes })]),
  );
}

async function run(bytes) {
  const address = URL.createObjectURL(new Blob([bytes], { type: TYPES.js }));
  try {
    return await import(address);
  } finally {
    URL.revokeObjectURL(address);
  }
}

// What Pyodide fetches of the files are the bytes that were loaded.
function serve(loaded, base) {
  globalThis.fetch = async (input, options) => {
    const url = new URL(input.url ?? input, location.href);
    const name = url.href.startsWith(base.href) ? url.href.slice(base.href.length) : "";
    if (!Object.hasOwn(loaded, name)) return plainFetch(input, options);
    const type = TYPES[name.split(".").pop()] ?? "application/octet-stream";
    return new Response(await loaded[name], { headers: { "Content-Type": type } });
  };
}

let room = 0; // for what the job prints
const decoder = new TextDecoder();

function print(bytes) {
  if (room > 0) {
    const text = decoder.decode(bytes, { stream: true });
    postMessage({
      type: "printed",
      text: text.length < room ? text : `${text.slice(0, room)}\n… (the rest is not shown)`,
    });
    room -= text.length;
  }
  return bytes.length;
}

const START = `
import json, sys
sys.path.insert(0, "/course")
from course_utils.feedback.narrow import accept_wide_indices
from course_utils.feedback.page import check_cells
accept_wide_indices()
lambda job: json.dumps(check_cells(**json.loads(job)))
`;

async function start() {
  const here = new URL("./", import.meta.url);
  const facts = await (await answerOf(new URL("runtime.json", here))).json();
  const base = new URL(facts.address, here),
    loaded = loadAll(facts.files, base, await openStore(facts.version));
  const course = answerOf(new URL(facts.package, here)).then((answer) => answer.arrayBuffer());
  const [archive] = await Promise.all([course, ...Object.values(loaded)]);
  serve(loaded, base);
  await run(await loaded["pyodide.asm.js"]);
  const { loadPyodide } = await run(await loaded["pyodide.mjs"]);
  const lock = URL.createObjectURL(
    new Blob([JSON.stringify(facts.lock)], { type: "application/json" }),
  );
  const python = await loadPyodide({ indexURL: base.href, lockFileURL: lock, packages: ["numpy"] });
  globalThis.fetch = plainFetch;
  python.unpackArchive(archive, "zip", { extractDir: "/course" });
  python.setStdin({ stdin: () => null }); // the end of a file: nobody answers here
  python.setStdout({ write: print });
  python.setStderr({ write: print });
  return python.runPython(START);
}

let starting = null;

addEventListener("message", async ({ data: job }) => {
  let reason = "load";
  try {
    starting ??= start();
    const check = await starting;
    reason = "crash";
    room = MOST_PRINTED;
    postMessage({ type: "running" });
    postMessage({ type: "verdict", verdict: JSON.parse(check(JSON.stringify(job))) });
  } catch (error) {
    postMessage({
      type: "failed",
      reason,
      text: String(error?.message ?? error)
        .trim()
        .split("\n")
        .pop(),
    });
  }
});
