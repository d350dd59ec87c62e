// Parts shared by every interactive figure; prepended to each figure's own module (see base.py).
const kit = (() => {
  const SVG = "http://www.w3.org/2000/svg";
  // Okabe and Ito (2008), without black: lines on dark pages use currentColor instead.
  const COLOURS = ["#0a7ec2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#b8ab00"];
  const MAPS = {
    viridis: ["#440154", "#3b528b", "#21918c", "#5ec962", "#fde725"],
    grey: ["#000000", "#ffffff"],
    diverging: ["#2166ac", "#92c5de", "#f7f7f7", "#fdb863", "#b35806"],
  };
  // Random, not counted: every figure of a page has a kit of its own.
  const unique = (name) => `ifig-${name}-${Math.random().toString(36).slice(2, 12)}`;

  function make(node, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) {
      if (value === undefined || value === null || value === false) continue;
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
  }
  const h = (tag, attributes = {}, ...children) => make(document.createElement(tag), attributes, children);
  const s = (tag, attributes = {}, ...children) => make(document.createElementNS(SVG, tag), attributes, children);
  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
  const finite = (value) => typeof value === "number" && Number.isFinite(value);

  // Four significant digits, a true minus sign.
  function format(value) {
    if (typeof value === "boolean") return value ? "yes" : "no";
    if (!finite(value)) return value === null || value === undefined ? "–" : String(value);
    const size = Math.abs(value);
    const text = value !== 0 && (size < 1e-3 || size >= 1e6) ? value.toExponential(2).replace(/\.?0+e/, "e") : String(Number(value.toPrecision(4)));
    return text.replace("e+", "e").replaceAll("-", "−");
  }

  // `code` and *emphasis* in a plain string, as nodes.
  function prose(text) {
    return String(text).split(/(`[^`]+`|\*[^*\s][^*]*\*)/).map((part) => {
      if (part.length > 2 && part[0] === "`") return h("code", {}, part.slice(1, -1));
      if (part.length > 2 && part[0] === "*" && part.endsWith("*")) return h("em", {}, part.slice(1, -1));
      return document.createTextNode(part);
    });
  }

  // A page of the book: a link on the site (Sphinx states the root), its name elsewhere.
  function pageLink(page, title) {
    const root = document.documentElement.dataset.content_root;
    return root === undefined ? h("em", {}, title || page) : h("a", { href: `${root}book/${page}.html` }, title || page);
  }

  // The figure's outermost element: a group whose accessible name is the alt text.
  function root(el, model) {
    const controls = h("div", { class: "ifig-controls" });
    const body = h("div", { class: "ifig-panels" });
    const caption = model.get("caption") ? h("p", { class: "ifig-caption" }, ...prose(model.get("caption"))) : null;
    const box = h("div", { class: "ifig", role: "group", "aria-label": model.get("alt") }, controls, body, caption);
    box.addEventListener("focusin", ({ target }) => target.setAttribute("data-lm-suppress-shortcuts", "")); // or JupyterLab takes the arrow keys
    el.append(box);
    return { box, controls, body, after: (...nodes) => body.after(...nodes) };
  }

  function control(parent, label, input, narrow, shown) {
    input.id = unique("input");
    parent.append(h("div", { class: `ifig-control${narrow ? " narrow" : ""}` }, h("span", {}, h("label", { for: input.id }, label), shown ?? null), input));
    return input;
  }

  // A slider over a list of values (`values`), or over min..max by step. onInput gets the value.
  function slider(parent, { label, values, min = 0, max = 1, step = "any", value, text = format, onInput }) {
    const shown = h("span", { class: "ifig-value", "aria-hidden": "true" }); // the slider's aria-valuetext says it
    const position = values ? Math.max(values.indexOf(value), 0) : value;
    const input = h("input", { type: "range", min: values ? 0 : min, max: values ? values.length - 1 : max, step: values ? 1 : step, value: position });
    const read = () => (values ? values[Number(input.value)] : Number(input.value));
    const show = () => { shown.textContent = text(read()); input.setAttribute("aria-valuetext", text(read())); };
    input.addEventListener("input", () => { show(); onInput?.(read()); });
    control(parent, label, input, false, shown);
    show();
    return { input, get: read, set: (next) => { input.value = values ? values.indexOf(next) : next; show(); } };
  }

  function select(parent, { label, values, value, text = format, onInput }) {
    const input = h("select", {}, ...values.map((item, i) => h("option", { value: i, selected: item === value }, text(item))));
    const read = () => values[input.selectedIndex];
    control(parent, label, input, true).addEventListener("change", () => onInput?.(read()));
    return { input, get: read, set: (next) => { input.selectedIndex = values.indexOf(next); } };
  }

  function number(parent, { label, min, max, step = "any", value, onInput }) {
    const input = control(parent, label, h("input", { type: "number", min, max, step, value }), true);
    input.addEventListener("input", () => { if (input.value !== "" && input.checkValidity()) onInput?.(Number(input.value)); });
    return { input, get: () => Number(input.value), set: (next) => { input.value = next; } };
  }

  const button = (parent, label, onClick) => parent.appendChild(h("button", { type: "button", onclick: onClick }, label));

  // Named numbers under the figure, read out by a screen reader when they change.
  function readout(after) {
    const node = h("div", { class: "ifig-readout", role: "status", "aria-live": "polite" });
    after(node);
    return (values) => node.replaceChildren(...Object.entries(values).map(([name, value]) =>
      h("span", {}, `${name}: `, h("b", {}, format(value)))));
  }

  // Uniform numbers in [0, 1) from a seed (mulberry32), and standard normal ones (Box-Muller).
  function random(seed) {
    let state = seed >>> 0;
    const uniform = () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
    const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
    return { uniform, normal };
  }

  function ticks(low, high, count, log, whole) {
    const [a, b] = low < high ? [low, high] : [high, low];
    if (log) {
      const first = Math.ceil(Math.log10(a) - 1e-9), powers = Math.floor(Math.log10(b) + 1e-9) - first + 1;
      if (powers > 1) return Array.from({ length: powers }, (_, i) => 10 ** (first + i)).filter((_, i) => i % Math.ceil(powers / count) === 0);
    }
    const raw = (b - a) / Math.max(count, 1), power = 10 ** Math.floor(Math.log10(raw));
    const step = Math.max([1, 2, 5, 10].map((m) => m * power).find((m) => m >= 0.7 * raw), whole ? 1 : 0);
    const first = Math.ceil(a / step - 1e-9), last = Math.floor(b / step + 1e-9);
    return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
  }

  function scale([low, high], [from, to], log) {
    const f = log ? Math.log10 : (v) => v, a = f(low), b = f(high);
    const map = (v) => (finite(v) && (!log || v > 0) ? from + ((f(v) - a) / (b - a)) * (to - from) : NaN);
    map.invert = (p) => { const v = a + ((p - from) / (to - from)) * (b - a); return log ? 10 ** v : v; };
    return map;
  }

  function mapColour(name, t) {
    const stops = MAPS[name], place = clamp(t, 0, 1) * (stops.length - 1), i = Math.min(Math.floor(place), stops.length - 2);
    const [a, b] = [stops[i], stops[i + 1]].map((c) => [1, 3, 5].map((k) => parseInt(c.slice(k, k + 2), 16)));
    return a.map((v, k) => Math.round(v + (b[k] - v) * (place - i)));
  }

  // mark: {rows, cols, values: row-major numbers or null, range: [low, high], colours}
  function heatUrl(mark) {
    const canvas = h("canvas", { width: mark.cols, height: mark.rows }), context = canvas.getContext("2d");
    const image = context.createImageData(mark.cols, mark.rows), [low, high] = mark.range;
    for (let i = 0; i < mark.rows * mark.cols; i++) {
      const value = mark.values[i];
      if (finite(value)) image.data.set([...mapColour(mark.colours, (value - low) / (high - low || 1)), 255], 4 * i);
    }
    context.putImageData(image, 0, 0);
    return canvas.toDataURL();
  }

  const SHAPES = [
    (x, y, r) => `M${x - r},${y}a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0Z`,
    (x, y, r) => `M${x - r},${y - r}h${2 * r}v${2 * r}h${-2 * r}Z`,
    (x, y, r) => `M${x},${y - 1.3 * r}L${x + 1.2 * r},${y + r}H${x - 1.2 * r}Z`,
    (x, y, r) => `M${x},${y - 1.4 * r}L${x + 1.4 * r},${y}L${x},${y + 1.4 * r}L${x - 1.4 * r},${y}Z`,
  ];
  const colourOf = (mark, i) => (typeof mark.colour === "string" ? mark.colour : COLOURS[(mark.colour ?? i) % COLOURS.length]);

  const DRAW = {
    line(mark, colour, p) {
      let path = "", pen = "M";
      mark.y.forEach((y, i) => {
        const a = p.x(mark.x[i]), b = p.y(y);
        if (!finite(a) || !finite(b)) { pen = "M"; return; }
        path += `${pen}${a.toFixed(1)},${clamp(b, -4000, 4000).toFixed(1)}`; pen = "L";
      });
      return [s("path", { d: path, fill: "none", stroke: colour, "stroke-width": 2.2, "stroke-linejoin": "round", "stroke-dasharray": mark.dash ? "6 4" : null })];
    },
    points(mark, colour, p, i) {
      const shape = SHAPES[(mark.shape ?? i) % SHAPES.length], r = mark.radius ?? (mark.x.length > 150 ? 2.2 : 3.6);
      const path = mark.x.map((x, k) => [p.x(x), p.y(mark.y[k])]).filter((q) => q.every(finite)).map(([x, y]) => shape(Math.round(10 * x) / 10, Math.round(10 * y) / 10, r)).join("");
      return [s("path", { d: path, fill: colour, stroke: "#fff", "stroke-width": 0.8 })];
    },
    bars(mark, colour, p) {
      const step = p.width / mark.values.length, thick = (0.76 * step) / mark.of, zero = p.y(clamp(0, ...[p.spec.y[0], p.spec.y[1]].sort((a, b) => a - b)));
      return mark.values.map((value, k) => {
        if (!finite(value)) return null;
        const top = p.y(value), left = p.left + k * step + 0.12 * step + mark.slot * thick;
        return s("rect", { x: left, width: Math.max(thick - 1, 1), y: Math.min(top, zero), height: Math.max(Math.abs(top - zero), 0.5), fill: colour });
      }).filter(Boolean);
    },
    heat(mark, colour, p) {
      const [x0, x1, y0, y1] = mark.extent, a = p.x(x0), b = p.x(x1), c = p.y(y0), d = p.y(y1);
      const transform = `translate(${a},${c}) scale(${(b - a) / mark.cols},${(d - c) / mark.rows})`;
      return [s("image", { href: heatUrl(mark), width: mark.cols, height: mark.rows, transform, preserveAspectRatio: "none", style: `image-rendering:${mark.smooth ? "auto" : "pixelated"}` })];
    },
  };

  function legend(marks) {
    return marks.map((mark, i) => {
      if (mark.kind === "heat") {
        if (!mark.bar) return null;
        const stops = MAPS[mark.colours].join(","), [low, high] = mark.range.map(format);
        return h("li", {}, mark.label ? `${mark.label}: ` : "", low, h("span", { style: `display:inline-block;width:6rem;height:0.7rem;background:linear-gradient(90deg,${stops})` }), high);
      }
      if (!mark.label) return null;
      const colour = colourOf(mark, i);
      const sign = {
        line: () => s("path", { d: "M0,6H22", stroke: colour, "stroke-width": 2.5, "stroke-dasharray": mark.dash ? "6 4" : null }),
        points: () => s("path", { d: SHAPES[(mark.shape ?? i) % SHAPES.length](11, 6, 4), fill: colour }),
        bars: () => s("rect", { x: 5, y: 0, width: 12, height: 12, fill: colour }),
      }[mark.kind]();
      return h("li", {}, s("svg", { width: 22, height: 12, "aria-hidden": "true" }, sign), h("span", {}, mark.label));
    }).filter(Boolean);
  }

  function axes(p, spec) {
    const { left, top, width, height } = p, out = [];
    const line = (x1, y1, x2, y2) => s("path", { class: "ifig-grid", d: `M${x1},${y1}L${x2},${y2}` });
    const word = (text, x, y, anchor, more = {}) => s("text", { x, y, "text-anchor": anchor, ...more }, text);
    for (const t of ticks(...spec.y, Math.max(Math.round(height / 45), 2), spec.yLog, spec.whole)) {
      out.push(line(left, p.y(t), left + width, p.y(t)), word(format(t), left - 6, p.y(t) + 4, "end"));
    }
    if (spec.categories) {
      const step = width / spec.categories.length, room = Math.max(Math.floor(step / 7), 1);
      spec.categories.forEach((name, k) => out.push(word(name.length > room ? `${name.slice(0, Math.max(room - 1, 1))}…` : name, left + (k + 0.5) * step, top + height + 16, "middle")));
    } else {
      for (const t of ticks(...spec.x, Math.max(Math.round(width / 70), 2), spec.xLog, spec.whole)) {
        out.push(line(p.x(t), top, p.x(t), top + height), word(format(t), p.x(t), top + height + 16, "middle"));
      }
    }
    out.push(s("rect", { class: "ifig-frame", x: left, y: top, width, height }));
    out.push(word(spec.xLabel ?? "", left + width / 2, top + height + 33, "middle"));
    out.push(word(spec.yLabel ?? "", 0, 0, "middle", { transform: `translate(12,${top + height / 2}) rotate(-90)` }));
    return out;
  }

  // A plot that redraws itself at the width it is given.
  // spec: {title, xLabel, yLabel, x: [low, high], y: [low, high], xLog, yLog, categories, equal, aspect}
  function plot(parent, spec) {
    const clip = unique("clip"), clipRect = s("rect", {});
    const layers = { axes: s("g"), marks: s("g", { "clip-path": `url(#${clip})` }), handles: s("g") };
    const svg = s("svg", { role: "img", "aria-label": [spec.title, spec.yLabel, spec.xLabel].filter(Boolean).join(", ") || "plot" },
      s("defs", {}, s("clipPath", { id: clip }, clipRect)), layers.axes, layers.marks, layers.handles);
    const list = h("ul", { class: "ifig-legend" });
    const node = parent.appendChild(h("div", { class: "ifig-plot" }, spec.title ? h("p", { class: "ifig-title" }, spec.title) : null, svg, list));
    const p = { node, svg, spec, layers, left: 54, top: 8, marks: [], handles: [] };
    const render = () => {
      const full = Math.max(node.clientWidth, 160), bottom = 40, right = 12;
      p.width = full - p.left - right;
      const ratio = spec.equal ? Math.abs((spec.y[1] - spec.y[0]) / (spec.x[1] - spec.x[0])) : spec.aspect ?? 0.66;
      p.height = clamp(p.width * ratio, 90, 460);
      if (spec.equal) p.width = Math.min(p.width, p.height / ratio);
      p.x = scale(spec.categories ? [0, spec.categories.length] : spec.x, [p.left, p.left + p.width], spec.xLog);
      p.y = scale(spec.y, [p.top + p.height, p.top], spec.yLog);
      make(svg, { width: full, height: p.top + p.height + bottom }, []);
      make(clipRect, { x: p.left, y: p.top, width: p.width, height: p.height }, []);
      layers.axes.replaceChildren(...axes(p, spec));
      // Long numbers at the left get more room. It is not taken back: a plot should not jump as a knob moves.
      const room = Math.max(...[...layers.axes.querySelectorAll("[text-anchor=end]")].map((tick) => tick.getComputedTextLength())) + (spec.yLabel ? 24 : 8);
      if (room > p.left + 1) { p.left = room; render(); return; }
      layers.marks.replaceChildren(...p.marks.flatMap((mark, i) => DRAW[mark.kind](mark, colourOf(mark, i), p, i)));
      list.replaceChildren(...legend(p.marks));
      p.handles.forEach((place) => place());
    };
    p.draw = (marks) => {
      marks.filter((mark) => mark.kind === "bars").forEach((mark, slot, bars) => Object.assign(mark, { slot, of: bars.length }));
      p.marks = marks; render();
    };
    new ResizeObserver(() => { if (node.clientWidth && node.clientWidth !== p.seen) { p.seen = node.clientWidth; render(); } }).observe(node);
    return p;
  }

  // A dot on a plot that pointer or arrow keys move. axis: "xy", "x" or "y"; onMove(x, y) in data units.
  function handle(p, { x, y, label, axis = "xy", colour = COLOURS[1], step, onMove }) {
    const at = { x, y };
    const dot = s("circle", { class: "ifig-handle", r: 9, fill: colour, stroke: "#fff", "stroke-width": 2, tabindex: 0, role: "slider", "aria-label": label });
    const text = () => (axis === "xy" ? `${format(at.x)}, ${format(at.y)}` : format(at[axis]));
    const place = () => make(dot, { cx: p.x(at.x), cy: p.y(at.y), "aria-valuenow": axis === "y" ? at.y : at.x, "aria-valuetext": text() }, []);
    const bound = (v, [low, high]) => clamp(v, Math.min(low, high), Math.max(low, high));
    const move = (nextX, nextY) => {
      Object.assign(at, axis !== "y" && { x: bound(nextX, p.spec.x) }, axis !== "x" && { y: bound(nextY, p.spec.y) });
      place(); onMove?.(at.x, at.y);
    };
    dot.addEventListener("pointerdown", (event) => { dot.setPointerCapture(event.pointerId); dot.focus(); event.preventDefault(); });
    dot.addEventListener("pointermove", (event) => {
      if (!dot.hasPointerCapture(event.pointerId)) return;
      const box = p.svg.getBoundingClientRect();
      move(p.x.invert(event.clientX - box.left), p.y.invert(event.clientY - box.top));
    });
    dot.addEventListener("keydown", (event) => {
      const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
      if (!way) return;
      event.preventDefault();
      const size = (range) => (step ?? Math.abs(range[1] - range[0]) / 50) * (event.shiftKey ? 5 : 1);
      const [dx, dy] = axis === "y" && way[0] ? [0, way[0]] : axis === "x" && way[1] ? [way[1], 0] : way;
      move(at.x + dx * size(p.spec.x), at.y + dy * size(p.spec.y));
    });
    p.svg.setAttribute("role", "group"); p.layers.handles.append(dot); // an image holds nothing to operate
    p.handles.push(place);
    if (p.x) place();
    return { dot, set: (nextX, nextY) => { at.x = nextX; at.y = nextY; if (p.x) place(); }, get: () => ({ ...at }) };
  }

  return { COLOURS, MAPS, h, s, clamp, unique, format, prose, pageLink, root, slider, select, number, button, readout, random, ticks, scale, mapColour, plot, handle };
})();
