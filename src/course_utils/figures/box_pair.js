const NAMES = ["A", "B"], DASHES = [null, "7 4"];

const areaOf = ([x1, y1, x2, y2]) => Math.max(x2 - x1, 0) * Math.max(y2 - y1, 0);

function measure([a, b]) {
  const shared = [0, 1].map((i) => Math.max(a[i], b[i])).concat([2, 3].map((i) => Math.min(a[i], b[i])));
  const hull = [0, 1].map((i) => Math.min(a[i], b[i])).concat([2, 3].map((i) => Math.max(a[i], b[i])));
  const intersection = areaOf(shared), union = areaOf(a) + areaOf(b) - intersection;
  const iou = intersection / union, around = areaOf(hull);
  return { shared, hull, intersection, union, around, iou, giou: iou - (around - union) / around };
}

function render({ model, el }) {
  const ui = kit.root(el, model), [width, height] = model.get("extent");
  let boxes = model.get("boxes").map((box) => [...box]);
  const field = kit.plot(ui.body, { title: "Two boxes on a field of pixels", xLabel: "x", yLabel: "y", x: [0, width], y: [height, 0], equal: true });
  field.svg.setAttribute("role", "group");
  const gauge = kit.plot(ui.body, { title: "Their overlap", yLabel: "value", categories: ["IoU", "GIoU"], y: [-1, 1] });
  const say = kit.readout(ui.after);
  const hull = kit.s("rect", { class: "ifig-frame", "stroke-dasharray": "2 4", "stroke-width": 1.5 });
  const shared = kit.s("rect", { fill: kit.COLOURS[2], "fill-opacity": 0.55 });
  const parts = boxes.map((_, i) => part(i));
  field.layers.handles.append(hull, shared, ...parts.map((p) => p.body), ...parts.map((p) => p.name), ...parts.map((p) => p.corner));
  field.handles.push(place);
  for (const [name, pair] of Object.entries(model.get("presets"))) kit.button(ui.controls, name, () => { boxes = pair.map((box) => [...box]); show(); });

  function part(i) {
    const colour = kit.COLOURS[i], common = { class: "ifig-handle", tabindex: 0, role: "slider" };
    const body = kit.s("rect", { ...common, fill: colour, "fill-opacity": 0.12, stroke: colour, "stroke-width": 2.5, "stroke-dasharray": DASHES[i], "aria-label": `box ${NAMES[i]}, place` });
    const corner = kit.s("circle", { ...common, r: 8, fill: colour, stroke: "#fff", "stroke-width": 2, "aria-label": `box ${NAMES[i]}, size` });
    movable(body, i, [0, 1], ([x, y]) => {
      const [x1, y1, x2, y2] = boxes[i], left = kit.clamp(x, 0, width - (x2 - x1)), top = kit.clamp(y, 0, height - (y2 - y1));
      boxes[i] = [left, top, left + x2 - x1, top + y2 - y1];
    });
    movable(corner, i, [2, 3], ([x, y]) => {
      const [x1, y1] = boxes[i];
      boxes[i] = [x1, y1, kit.clamp(x, x1 + 1, width), kit.clamp(y, y1 + 1, height)];
    });
    return { body, corner, name: kit.s("text", { "font-weight": 600, "pointer-events": "none" }, NAMES[i]) };
  }

  // `ends` are the two numbers of the box that a drag or an arrow key moves; `set` gets their new values.
  function movable(node, i, ends, set) {
    let grip = null;
    const at = ({ clientX, clientY }) => {
      const frame = field.svg.getBoundingClientRect();
      return [field.x.invert(clientX - frame.left), field.y.invert(clientY - frame.top)];
    };
    node.addEventListener("pointerdown", (event) => {
      node.setPointerCapture(event.pointerId);
      node.focus();
      event.preventDefault();
      grip = at(event).map((value, k) => boxes[i][ends[k]] - value);
    });
    node.addEventListener("pointermove", (event) => {
      if (!grip || !node.hasPointerCapture(event.pointerId)) return;
      set(at(event).map((value, k) => Math.round(value + grip[k])));
      show();
    });
    node.addEventListener("keydown", (event) => {
      const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (!way) return;
      event.preventDefault();
      set(ends.map((end, k) => boxes[i][end] + way[k] * (event.shiftKey ? 5 : 1)));
      show();
    });
  }

  function fill(rect, [x1, y1, x2, y2]) {
    const left = field.x(x1), top = field.y(y1);
    for (const [name, value] of Object.entries({ x: left, y: top, width: Math.max(field.x(x2) - left, 0), height: Math.max(field.y(y2) - top, 0) })) rect.setAttribute(name, value);
  }
  function place() {
    const found = measure(boxes);
    fill(hull, found.hull);
    fill(shared, found.shared);
    parts.forEach(({ body, corner, name }, i) => {
      const [x1, y1, x2, y2] = boxes[i];
      fill(body, boxes[i]);
      for (const [node, value] of [[body, x1], [corner, x2]]) {
        node.setAttribute("aria-valuenow", value);
        node.setAttribute("aria-valuetext", `x ${x1} to ${x2}, y ${y1} to ${y2}`);
      }
      corner.setAttribute("cx", field.x(x2));
      corner.setAttribute("cy", field.y(y2));
      name.setAttribute("x", field.x(x1) + 6);
      name.setAttribute("y", field.y(y1) + 16);
    });
  }
  function show() {
    const found = measure(boxes);
    place();
    gauge.draw([{ kind: "bars", values: [found.iou, found.giou], colour: 2 }]);
    say({ "area of A": areaOf(boxes[0]), "area of B": areaOf(boxes[1]), intersection: found.intersection, union: found.union, "hull (dotted)": found.around, IoU: found.iou, GIoU: found.giou });
  }
  field.draw([]);
  show();
}

export default { render };
