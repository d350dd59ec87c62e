// A player: every number and every step comes from Python; here they are drawn.
function render({ model, el }) {
  const { widths, weights, passes } = model.get("spec");
  const ui = kit.root(el, model);
  const { h, s, format } = kit;
  const FORWARD = kit.COLOURS[0], BACKWARD = kit.COLOURS[1];
  const HALO = "paint-order:stroke;stroke:var(--pst-color-background,Canvas);stroke-width:3px";
  const count = passes[0].steps.length, last = widths.length - 1;
  let pass = passes[0], at = 0, timer = null;

  const stage = h("div", { style: "grid-column:1/-1;min-width:0" });
  const svg = s("svg", { role: "img", "aria-label": "network", style: "display:block;max-width:100%" });
  const words = h("div", { role: "status", "aria-live": "polite", style: "min-height:2.9rem" });
  const equation = h("div", { style: "display:flex;flex-wrap:wrap;align-items:center;gap:.35rem;min-height:7.4rem;overflow-x:auto" });
  stage.append(svg, words, equation);
  ui.body.append(stage);

  function edges(x, y) {
    const step = pass.steps[at], out = [];
    for (let l = 1; l <= last; l++) {
      const on = step.focus === "edges" && step.layer === l;
      weights[l - 1].forEach((row, i) => row.forEach((weight, j) => {
        const size = Math.min(0.6 + 1.6 * Math.abs(weight), 4);
        out.push(s("path", {
          d: `M${x(l - 1)},${y(l - 1, j)}L${x(l)},${y(l, i)}`, fill: "none", "stroke-width": size,
          stroke: on ? (step.back === null ? FORWARD : BACKWARD) : "currentColor", "stroke-opacity": on ? 0.95 : 0.25,
          "stroke-dasharray": weight < 0 ? "5 4" : null,
        }));
      }));
    }
    return out;
  }

  function units(x, y, radius) {
    const step = pass.steps[at], out = [];
    widths.forEach((width, l) => {
      for (let k = 0; k < width; k++) {
        const on = step.focus === "units" && step.layer === l, backward = step.back !== null;
        out.push(s("circle", { cx: x(l), cy: y(l, k), r: radius, style: "fill:var(--pst-color-background,Canvas)" }));
        out.push(s("circle", {
          cx: x(l), cy: y(l, k), r: radius, fill: on ? (backward ? BACKWARD : FORWARD) : "currentColor", "fill-opacity": on ? 0.22 : 0.06,
          stroke: on ? (backward ? BACKWARD : FORWARD) : "currentColor", "stroke-width": on ? 2.5 : 1, "stroke-opacity": on ? 1 : 0.5,
        }));
        const known = l <= step.forward, error = l > 0 && step.back !== null && l >= step.back;
        if (known) out.push(s("text", { x: x(l), y: y(l, k) + 4, "text-anchor": "middle" }, format(short(pass.h[l][k]))));
        if (error) out.push(s("text", { x: x(l), y: y(l, k) + radius + 14, "text-anchor": "middle", style: `font-weight:600;${HALO}` }, `δ ${format(short(pass.deltas[l - 1][k]))}`));
      }
    });
    return out;
  }

  const short = (value) => (value === null ? value : Number(value.toPrecision(3)));

  function draw() {
    const full = Math.max(Math.min(stage.clientWidth, 680), 240), gap = 62, tallest = Math.max(...widths);
    const radius = 21, height = gap * tallest + 46;
    const x = (l) => radius + 14 + (l / last) * (full - 2 * radius - 28);
    const y = (l, k) => 14 + radius + gap * (k + (tallest - widths[l]) / 2);
    const names = widths.map((_, l) => s("text", { x: x(l), y: height - 6, "text-anchor": "middle" }, l === 0 ? "h₀ = x" : l === last ? "logits" : `h${"₀₁₂₃₄₅₆₇₈₉"[l]}`));
    svg.setAttribute("width", full);
    svg.setAttribute("height", height);
    svg.replaceChildren(...edges(x, y), ...units(x, y, radius), ...names);
  }

  function matrix({ label, rows }) {
    const cells = rows.flatMap((row) => row.map((value) => h("span", { style: "text-align:right" }, format(short(value)))));
    const spoken = `${label}: ${rows.map((row) => row.map((value) => format(short(value))).join(", ")).join("; ")}`;
    const body = h("div", { style: `display:grid;grid-template-columns:repeat(${rows[0].length},auto);gap:.1rem .7rem;padding:.1rem .45rem;border:solid currentColor;border-width:0 2px;border-radius:.5rem;font-variant-numeric:tabular-nums` }, ...cells);
    return h("div", { role: "img", "aria-label": spoken, style: "text-align:center" }, body, h("div", { style: "font-size:.9em;font-weight:600" }, label));
  }

  function show(next) {
    at = kit.clamp(next, 0, count - 1);
    const step = pass.steps[at];
    draw();
    words.replaceChildren(h("b", {}, `${at + 1} of ${count}. ${step.title}. `), step.text);
    equation.replaceChildren(...step.terms.map((term) => (typeof term === "string" ? h("span", {}, term) : matrix(term))));
    slider.set(at);
    back.setAttribute("aria-disabled", at === 0); // not `disabled`: that would drop the focus
    forth.setAttribute("aria-disabled", at === count - 1);
  }

  function stop() {
    clearInterval(timer);
    timer = null;
    play.textContent = "Play";
  }

  function toggle() {
    if (timer) { stop(); return; }
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) { show(count - 1); return; }
    if (at === count - 1) show(0);
    play.textContent = "Pause";
    timer = setInterval(() => { if (at === count - 1) stop(); else show(at + 1); }, 1800);
  }

  if (passes.length > 1) {
    kit.select(ui.controls, { label: "sample", values: passes.map((p) => p.name), value: pass.name, text: (name) => name,
      onInput: (name) => { pass = passes.find((p) => p.name === name); show(at); } });
  }
  const slider = kit.slider(ui.controls, { label: "step", values: pass.steps.map((_, i) => i), value: 0,
    text: (i) => pass.steps[i].title, onInput: (i) => { stop(); show(i); } });
  const back = kit.button(ui.controls, "Back", () => { stop(); show(at - 1); });
  const forth = kit.button(ui.controls, "Forward", () => { stop(); show(at + 1); });
  const play = kit.button(ui.controls, "Play", toggle);

  // Arrow keys work from anywhere in the figure but the menu and the slider, which have their own.
  function keys(event) {
    const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!way || ["SELECT", "INPUT"].includes(event.target.tagName)) return;
    event.preventDefault();
    stop();
    show(at + way);
  }
  ui.box.addEventListener("keydown", keys);
  const watch = new ResizeObserver(draw);
  watch.observe(stage);
  show(0);
  return () => { stop(); watch.disconnect(); };
}

export default { render };
