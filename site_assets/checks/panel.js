// The inside of an exercise's box: an editor, its buttons, and the verdict in words.
import { makeEditor } from "./editor.js";
import { Session } from "./session.js";
import { markSolved, saveCode, savedCode } from "./store.js";
import { reportNodes } from "./verdict.js";

const FROM_STUB = "Start again from the stub";
const session = new Session();
const files = new Map();

function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child));
  return node;
}

function fetchJson(name) {
  if (!files.has(name)) {
    const found = fetch(new URL(name, import.meta.url), { cache: "no-cache" }).then((answer) => {
      if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
      return answer.json();
    });
    files.set(name, found);
    found.catch(() => files.delete(name));
  }
  return files.get(name);
}

const megabytes = (bytes) => (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);

// What the first check costs, said before it is asked for.
function priceOf(facts) {
  const bytes = Object.values(facts.files).reduce((sum, fact) => sum + fact.bytes, 0);
  const foreign = /^https?:/.test(facts.address);
  const from = foreign ? `from ${new URL(facts.address).host}` : "from this site";
  const size = `${megabytes(bytes)} MB`;
  return `The first check loads Python and numpy, ${size}, ${from}; your browser then keeps them.`;
}

function orderOf(earlier, assignment) {
  if (!earlier.length) return "";
  const names = earlier.map((cell) => cell.name).join(", ");
  return ` As in ${assignment}.ipynb, your code for the functions before it (${names}) is run first.`;
}

// A job for Python: the notebook up to this function, with the code that this browser keeps.
function jobOf(cells, own, code) {
  const before = cells.slice(0, cells.indexOf(own));
  return {
    setup: before.filter((cell) => cell.setup !== undefined).map((cell) => cell.setup),
    earlier: before
      .filter((cell) => cell.key)
      .map(({ key, name, code: stub }) => ({ name, code: savedCode(key) ?? stub })),
    cell: { name: own.name, code },
    test: own.test,
  };
}

class Panel {
  constructor(box, cells, facts) {
    this.box = box;
    this.cells = cells;
    [this.assignment] = box.dataset.key.split("/");
    this.own = cells.find((cell) => cell.key === box.dataset.key);
    this.links = box.querySelector(".check-links");
    this.#build(facts);
  }

  #build(facts) {
    const { id } = this.box;
    const { name, key, code } = this.own;
    this.editor = makeEditor({
      code: savedCode(key) ?? code,
      id: `${id}-code`,
      describedBy: `${id}-keys`,
      onInput: (text) => this.#keep(text),
      onRun: () => this.check(),
    });
    const buttons = this.#buttons();
    const keys =
      "Tab indents, Shift+Tab takes it back; Escape and then Tab leaves the field. Ctrl+Enter checks.";
    const before = this.cells.slice(0, this.cells.indexOf(this.own)).filter((cell) => cell.key);
    const price = `${priceOf(facts)} Your code stays in this browser.`;
    this.same = h("p", { class: "check-note" }, "The same in the notebook: ", this.links);
    this.box
      .querySelector(".check-plain")
      .replaceWith(
        h("label", { for: `${id}-code` }, "Your code for ", h("code", {}, name)),
        this.editor.node,
        h("p", { class: "check-note", id: `${id}-keys` }, keys),
        h("p", { class: "check-note" }, price + orderOf(before, this.assignment)),
        buttons,
        ...this.#outputs(name),
        this.same,
      );
  }

  #buttons() {
    const button = (text, onclick, more = {}) =>
      h("button", { type: "button", onclick, ...more }, text);
    this.checkButton = button("Check", () => this.check(), { class: "check-go" });
    this.stopButton = button("Stop", () => session.stop(), { hidden: true });
    this.stubButton = button(FROM_STUB, () => this.#startAgain());
    return h("div", { class: "check-buttons" }, this.checkButton, this.stopButton, this.stubButton);
  }

  // Where it is said what happens, what was printed, and what the verdict is.
  #outputs(name) {
    const region = (tag, label, more) => h(tag, { role: "region", "aria-label": label, ...more });
    const loading = { hidden: true, max: 1, value: 0, "aria-label": "Python is being loaded" };
    const printed = { class: "check-printed", tabindex: 0, hidden: true };
    this.state = h("p", { class: "check-state", role: "status" });
    this.progress = h("progress", loading);
    this.printed = region("pre", `Printed by your code for ${name}`, printed);
    this.report = region("div", `Report on ${name}`, {
      class: "check-report",
      "aria-live": "polite",
    });
    return [this.state, this.progress, this.printed, this.report];
  }

  #keep(text) {
    this.dropped = null;
    this.stubButton.textContent = FROM_STUB;
    if (!saveCode(this.own.key, text, this.own.code))
      this.#say("Your browser does not let this page keep your code: copy it before you leave.");
  }

  // Back to the stub; the same button brings the code back until something new is written.
  #startAgain() {
    const before = this.editor.get(),
      back = this.dropped;
    this.editor.set(back ?? this.own.code);
    this.dropped = back ? null : before;
    this.stubButton.textContent = back ? FROM_STUB : "Bring my code back";
    this.stubButton.focus();
  }

  #say(text) {
    this.state.textContent = text;
  }

  #busy(on) {
    if (!on && document.activeElement === this.stopButton) this.checkButton.focus();
    this.checkButton.setAttribute("aria-disabled", String(on));
    this.stopButton.hidden = !on;
    this.progress.hidden = true;
    this.box.dataset.state = on ? "busy" : "ready";
  }

  async check() {
    if (session.busy) {
      if (this.box.dataset.state !== "busy")
        this.#say("Another check on this page is running. Wait for it, or stop it.");
      return;
    }
    this.report.replaceChildren();
    this.printed.textContent = "";
    this.printed.hidden = true;
    this.same.hidden = false;
    this.#busy(true);
    try {
      const job = jobOf(this.cells, this.own, this.editor.get());
      const verdict = await session.run(job, Number(this.box.dataset.seconds), this.#listeners());
      this.#say("");
      this.#show(verdict);
    } catch (ended) {
      this.#failed(ended);
    } finally {
      this.#busy(false);
    }
  }

  #listeners() {
    return {
      loading: (done, total) => {
        if (this.progress.hidden) this.#say(`Loading Python and numpy, ${megabytes(total)} MB …`);
        this.progress.hidden = false;
        this.progress.value = done / total;
        if (done >= total) this.#say("Starting Python …");
      },
      running: () => {
        this.progress.hidden = true;
        this.#say("Checking …");
      },
      printed: (text) => {
        this.printed.hidden = false;
        this.printed.append(text);
      },
    };
  }

  #show(verdict) {
    this.report.replaceChildren(...reportNodes(verdict, (line) => this.editor.select(line)));
    if (verdict.passed) markSolved(this.own.key);
  }

  // Why there is no verdict. The code is kept whatever happened.
  #failed({ message: reason, text }) {
    const texts = {
      stopped: "Stopped. The next check starts Python again.",
      time: `Stopped after ${text} seconds without an answer. Does a loop never end, or is it too slow? The next check starts Python again.`,
      crash: `Python broke down (${text}): perhaps by calls nested too deeply, or for want of memory. The next check starts it again.`,
      load: `Python could not be loaded (${text}): is this machine offline? Your code is kept. Try again, or open exercises/${this.assignment}/${this.assignment}.ipynb with \`make lab\`. Online: `,
    };
    this.#say(texts[reason] ?? `The check failed: ${reason}`);
    if (reason === "load") this.state.append(...this.links.cloneNode(true).childNodes);
    this.same.hidden = reason === "load"; // the message has the same links
  }
}

// Put the editor into an exercise's box.
export async function fill(box) {
  const [assignment] = box.dataset.key.split("/");
  const [{ cells }, facts] = await Promise.all([
    fetchJson(`${assignment}.json`),
    fetchJson("runtime.json"),
  ]);
  new Panel(box, cells, facts);
}
