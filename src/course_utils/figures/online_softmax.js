// What is kept after each block: {m, s, out, factor, plain}, the state before any block first.
function passOver(scores, values, size, rescale) {
  const states = [{ upTo: 0, m: -Infinity, s: 0, sum: 0, factor: null, plain: 0 }];
  for (let start = 0; start < scores.length; start += size) {
    const last = states[states.length - 1], block = scores.slice(start, start + size);
    const m = Math.max(last.m, ...block), factor = start === 0 ? null : Math.exp(last.m - m), used = rescale ? (factor ?? 0) : 1;
    const state = { upTo: start + block.length, from: start, m, factor, s: last.s * used, sum: last.sum * used, plain: last.plain };
    block.forEach((x, i) => {
      state.s += Math.exp(x - m);
      state.sum += Math.exp(x - m) * values[start + i];
      state.plain = Math.fround(state.plain + Math.fround(Math.exp(x)));
    });
    states.push(state);
  }
  return states;
}

const plainText = (value) => (value === Infinity ? "overflow" : value === 0 ? "0, underflow" : value);

function render({ model, el }) {
  const ui = kit.root(el, model), raw = model.get("scores"), values = model.get("values"), n = raw.length;
  let size = model.get("block"), shift = 0, rescale = true, step = 1, scores, states;
  kit.slider(ui.controls, { label: "scores in a block", min: 1, max: n, step: 1, value: size, onInput: (v) => { size = v; start(); } });
  kit.slider(ui.controls, { label: "added to all scores", values: [-200, -100, -50, 0, 50, 100, 200], value: 0, onInput: (v) => { shift = v; start(); } });
  kit.select(ui.controls, { label: "old sums are rescaled", values: [true, false], value: true, onInput: (v) => { rescale = v; start(); } });
  const low = Math.min(...raw), high = Math.max(...raw), room = 0.12 * (high - low || 1);
  const left = kit.plot(ui.body, { title: "Scores and their running maximum", xLabel: "key", yLabel: "score", x: [-0.6, n - 0.4], y: [low - room, high + room] });
  const right = kit.plot(ui.body, { title: "Weights, were this the end", xLabel: "key", yLabel: "e^(x − m) / s", categories: raw.map((_, i) => String(i)), y: [0, 1] });
  const buttons = kit.h("div", { class: "ifig-controls" }), table = kit.h("table", { class: "ifig-trace" });
  const back = kit.button(buttons, "Back", () => go(step - 1)), next = kit.button(buttons, "Next block", () => go(step + 1));
  kit.button(buttons, "To the end", () => go(Infinity));
  const scroller = kit.h("div", { class: "ifig-scroll", tabindex: 0, role: "region", "aria-label": "what is kept after each block" }, table);
  const say = kit.readout(ui.after);
  ui.after(buttons, scroller);

  function start() {
    scores = raw.map((x) => x + shift);
    states = passOver(scores, values, size, rescale);
    left.spec.y = [low - room + shift, high + room + shift];
    go(Math.min(step, states.length - 1));
  }
  function go(to) {
    step = kit.clamp(to, 0, states.length - 1);
    back.disabled = step === 0;
    next.disabled = step === states.length - 1;
    const now = states[step], at = (keep) => ({ x: raw.map((_, i) => i).filter(keep), y: scores.filter((_, i) => keep(i)) });
    const steps = states.slice(1, step + 1);
    left.draw([
      { kind: "line", label: "running maximum", colour: 1, x: steps.flatMap((p) => [p.from - 0.5, p.upTo - 0.5]), y: steps.flatMap((p) => [p.m, p.m]) },
      { kind: "points", label: "read before", colour: 0, shape: 0, radius: 4, ...at((i) => i < (now.from ?? 0)) },
      { kind: "points", label: "this block", colour: 2, shape: 1, radius: 4.5, ...at((i) => i >= (now.from ?? 0) && i < now.upTo) },
      { kind: "points", label: "not read yet", colour: "#999999", shape: 3, radius: 3, ...at((i) => i >= now.upTo) },
    ]);
    right.draw([{ kind: "bars", colour: 0, values: scores.map((x, i) => (i < now.upTo ? Math.exp(x - now.m) / now.s : 0)) }]);
    table.replaceChildren(row("th", "block", "m", "factor of the old sums", "s", "average so far"), ...steps.map((p, i) =>
      row("td", `${i + 1}`, kit.format(p.m), p.factor === null ? "–" : rescale ? kit.format(p.factor) : "left out", kit.format(p.s), kit.format(p.sum / p.s))));
    const top = Math.max(...scores), all = scores.map((x) => Math.exp(x - top)), total = all.reduce((a, b) => a + b, 0);
    const exact = all.reduce((sum, e, i) => sum + e * values[i], 0) / total;
    const ended = step === states.length - 1;
    say({
      blocks: `${step} of ${states.length - 1}`, "average so far": step ? now.sum / now.s : "–", "of all scores at once": exact,
      ...(ended ? { "the same": Math.abs(now.sum / now.s - exact) < 1e-9 * Math.max(1, Math.abs(exact)) } : {}),
      "plain sum of e^x in float32": plainText(step ? now.plain : "–"),
    });
  }
  const row = (tag, ...cells) => kit.h("tr", {}, ...cells.map((text) => kit.h(tag, tag === "th" ? { scope: "col" } : {}, text)));
  start();
}

export default { render };
