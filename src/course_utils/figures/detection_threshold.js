// How each kind of box is drawn: colour, dashes, and the words of the legend.
const STYLE = {
  correct: ["#56b4e9", null, "right"],
  duplicate: ["#e69f00", "8 3 2 3", "duplicate"],
  wrong: ["#ff7a6b", "3 2.5", "wrong"],
  missed: ["#ffffff", "6 5", "missed truth"],
};

function overlap(a, b) {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]), height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared);
}

// Indices that stay, by falling score (the order in which the boxes are sent).
function suppress(found, threshold) {
  const kept = [];
  found.boxes.forEach((box, i) => {
    if (kept.every((j) => found.labels[j] !== found.labels[i] || overlap(found.boxes[j], box) <= threshold)) kept.push(i);
  });
  return kept;
}

// For each kept detection its kind and the truth it takes, -1 for none.
function match(found, truth, kept, threshold) {
  const free = truth.boxes.map(() => true);
  return kept.map((i) => {
    let best = -1, largest = threshold, near = false;
    truth.boxes.forEach((box, j) => {
      if (truth.labels[j] !== found.labels[i]) return;
      const iou = overlap(found.boxes[i], box);
      near ||= iou >= threshold;
      if (free[j] && iou >= largest) { best = j; largest = iou; }
    });
    if (best >= 0) free[best] = false;
    return { i, score: found.scores[i], took: best, kind: best >= 0 ? "correct" : near ? "duplicate" : "wrong" };
  });
}

function curve(matched, total) {
  let right = 0;
  const precision = [], recall = [];
  matched.forEach(({ kind }, k) => { right += kind === "correct"; precision.push(right / (k + 1)); recall.push(right / total); });
  let area = 0, best = 0;
  for (let k = matched.length - 1; k >= 0; k--) { best = Math.max(best, precision[k]); area += matched[k].kind === "correct" ? best / total : 0; }
  return { precision, recall, area };
}

function render({ model, el }) {
  const ui = kit.root(el, model), [height, width] = model.get("size");
  const found = model.get("found"), truth = model.get("truth"), start = model.get("start"), total = truth.boxes.length;
  const layer = kit.s("g"), stroke = width / 230;
  const svg = kit.s("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "picture with the detections that pass", style: "width:100%;height:auto;overflow:hidden" },
    kit.s("image", { href: model.get("picture"), width, height }), layer);
  const legend = kit.h("ul", { class: "ifig-legend" });
  ui.body.append(kit.h("div", { class: "ifig-plot" }, kit.h("p", { class: "ifig-title" }, "Picture"), svg, legend));
  const plot = kit.plot(ui.body, { title: "Precision and recall on it", xLabel: "recall", yLabel: "precision", x: [0, 1.02], y: [0, 1.04] });
  const say = kit.readout(ui.after), two = (value) => value.toFixed(2);
  let matched, line;
  const confidence = kit.slider(ui.controls, { label: "confidence threshold", min: 0, max: 1, step: 0.01, value: start.confidence, text: two, onInput: show });
  const suppression = kit.slider(ui.controls, { label: "NMS threshold", min: 0, max: 1, step: 0.05, value: start.suppression, text: (value) => (value === 1 ? "off" : two(value)), onInput: change });

  function outline([x1, y1, x2, y2], kind) {
    const [colour, dash] = STYLE[kind], size = { x: x1, y: y1, width: x2 - x1, height: y2 - y1, fill: "none" };
    const scaled = dash?.split(" ").map((d) => (d * stroke) / 1.6).join(" ");
    return kit.s("g", { "data-kind": kind }, kit.s("rect", { ...size, stroke: "#000", "stroke-opacity": 0.45, "stroke-width": 2 * stroke }), kit.s("rect", { ...size, stroke: colour, "stroke-width": 1.3 * stroke, "stroke-dasharray": scaled }));
  }
  function change() {
    matched = match(found, truth, suppress(found, suppression.get()), start.iou);
    line = curve(matched, total);
    show();
  }
  function show() {
    const shown = matched.filter(({ score }) => score >= confidence.get()), n = shown.length;
    const taken = new Set(shown.map(({ took }) => took)), missed = truth.boxes.filter((_, j) => !taken.has(j));
    const counts = { correct: 0, duplicate: 0, wrong: 0, missed: missed.length };
    shown.forEach(({ kind }) => { counts[kind] += 1; });
    layer.replaceChildren(...missed.map((box) => outline(box, "missed")), ...[...shown].reverse().map(({ i, kind }) => outline(found.boxes[i], kind)));
    legend.replaceChildren(...Object.entries(STYLE).map(([kind, [colour, dash, words]]) => kit.h("li", {},
      kit.s("svg", { width: 26, height: 14, "aria-hidden": "true" }, kit.s("path", { d: "M0,7H26", stroke: "#555", "stroke-width": 7 }), kit.s("path", { d: "M1,7H25", stroke: colour, "stroke-width": 3, "stroke-dasharray": dash })),
      kit.h("span", {}, `${words}: ${counts[kind]}`))));
    const at = n ? { x: line.recall[n - 1], y: line.precision[n - 1] } : { x: 0, y: NaN };
    plot.draw([{ kind: "line", x: line.recall, y: line.precision, label: "all confidences", colour: 0 }, { kind: "points", x: [at.x], y: [at.y], label: "this confidence", colour: 1, radius: 6 }]);
    say({ "confidence at least": confidence.get(), shown: n, "of these right": counts.correct, precision: n ? at.y : null, recall: at.x, "AP of this picture": line.area });
  }
  change();
}

export default { render };
