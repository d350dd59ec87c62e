// Static host of the course's interactive figures: what JupyterLab's anywidget does, without a kernel.
//
// A page carries the state of its widgets as JSON; `_esm` in it is the text of a JavaScript module with
// `export default { initialize?, render }` (https://anywidget.dev/en/afm). This file imports that text
// from a blob: address, gives it a model and mounts it where the page has put a .figure-host element.
// A state with `_kit` leaves out the parts that all figures share; they lie beside this file.

const STATE = 'script[type="application/vnd.jupyter.widget-state+json"]';

class Model {
  constructor(state) {
    this.state = structuredClone(state);
    this.changed = new Set();
    this.listeners = new Map();
  }

  get(name) {
    return this.state[name];
  }

  set(name, value) {
    if (typeof name === "object") {
      for (const [key, item] of Object.entries(name)) this.set(key, item);
      return;
    }
    if (Object.is(this.state[name], value)) return;
    this.state[name] = value;
    this.changed.add(name);
    this.emit(`change:${name}`, value);
    this.emit("change");
  }

  // There is no kernel to save to; the state lives in the page.
  save_changes() {
    this.changed.clear();
  }

  on(events, callback) {
    for (const name of events.split(/\s+/)) {
      if (!this.listeners.has(name)) this.listeners.set(name, new Set());
      this.listeners.get(name).add(callback);
    }
  }

  off(events, callback) {
    for (const name of (events ?? [...this.listeners.keys()].join(" ")).split(/\s+/)) {
      if (callback) this.listeners.get(name)?.delete(callback);
      else this.listeners.delete(name);
    }
  }

  // A message to Python goes nowhere here; a figure that needs one cannot be on a static page.
  send() {
    console.warn("This figure sends messages to Python, which is not running on this page.");
  }

  emit(name, ...values) {
    for (const callback of [...(this.listeners.get(name) ?? [])]) callback(...values);
  }
}

const modules = new Map();

function load(text) {
  if (!modules.has(text)) {
    const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
    modules.set(text, import(address).finally(() => URL.revokeObjectURL(address)));
  }
  return modules.get(text);
}

const styles = new Set();

function style(text) {
  if (!text || styles.has(text)) return;
  styles.add(text);
  const node = document.createElement("style");
  node.textContent = text;
  document.head.append(node);
}

const shared = new Map();

function beside(name) {
  if (!shared.has(name)) {
    shared.set(name, fetch(new URL(name, import.meta.url)).then((answer) => {
      if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
      return answer.text();
    }));
  }
  return shared.get(name);
}

const cleanups = [];

async function prepare(model) {
  const [kit, css] = model.get("_kit") ? await Promise.all(["kit.js", "kit.css"].map(beside)) : ["", ""];
  style(model.get("_css") ?? css);
  const imported = await load(kit + model.get("_esm"));
  return imported.default ?? imported;
}

async function mount(host, model, module) {
  const exported = await module;
  const figure = typeof exported === "function" ? await exported() : exported;
  const stop = new AbortController();
  const props = { model, signal: stop.signal, experimental: { invoke: () => Promise.reject(new Error("no kernel")) } };
  cleanups.push(await figure.initialize?.(props));
  const el = document.createElement("div");
  host.replaceChildren(el);
  cleanups.push(await figure.render?.({ ...props, el }), () => stop.abort());
  host.dataset.ready = "true";
}

// The alt text stays; the reader is told that the figure could not start.
function failed(host, error) {
  console.error(error);
  const note = document.createElement("p");
  note.className = "figure-error";
  note.setAttribute("role", "alert");
  note.textContent = `This interactive figure could not start (${error.message ?? error}). Its notebook shows the same figure in JupyterLab or Colab.`;
  host.append(note);
  host.dataset.ready = "error";
}

// A figure is drawn when the reader comes near it, or prints the page. Its module is loaded before
// that: what a print finds loaded it can still draw in time.
const waiting = new Map();
const watch = new IntersectionObserver(
  (entries) => entries.filter((entry) => entry.isIntersecting).forEach((entry) => start(entry.target)),
  { rootMargin: "1500px 0px" },
);

function start(host) {
  const begin = waiting.get(host);
  waiting.delete(host);
  watch.unobserve(host);
  begin?.().catch((error) => failed(host, error));
}

const source = document.querySelector(STATE);
const states = source ? JSON.parse(source.textContent).state : {};
const models = new Map();

for (const host of document.querySelectorAll(".figure-host")) {
  const id = host.dataset.modelId;
  const state = states[id]?.state;
  if (!state?._esm) {
    failed(host, new Error("its state is missing from the page"));
    continue;
  }
  if (!models.has(id)) models.set(id, new Model(state));
  const model = models.get(id), module = prepare(model);
  waiting.set(host, () => mount(host, model, module));
  module.catch(() => start(host)); // a reader need not come near to be told
  watch.observe(host);
}

addEventListener("beforeprint", () => [...waiting.keys()].forEach(start));
addEventListener("pagehide", (event) => {
  if (!event.persisted) cleanups.splice(0).forEach((cleanup) => typeof cleanup === "function" && cleanup());
});
