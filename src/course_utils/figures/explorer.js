function render({ model, el }) {
  const spec = model.get("spec");
  const ui = kit.root(el, model);
  const bytes = new Map();
  const array = (place) => spec.arrays[place];

  // The cells of a heat map travel as one byte each; 255 marks a gap.
  function cells(mark) {
    if (!bytes.has(mark)) {
      const [low, high] = mark.range;
      const text = atob(mark.levels);
      bytes.set(mark, Array.from(text, (c) => (c.charCodeAt(0) === 255 ? null : low + ((high - low) * c.charCodeAt(0)) / 254)));
    }
    return bytes.get(mark);
  }

  function decoded(mark) {
    if (mark.kind === "heat") return { ...mark, values: cells(mark), bar: Boolean(mark.label) };
    if (mark.kind === "bars") return { ...mark, values: array(mark.values) };
    return { ...mark, x: array(mark.x), y: array(mark.y) };
  }

  const plots = spec.panels.map((panel) => kit.plot(ui.body, panel));
  const say = kit.readout(ui.after);

  function show() {
    const chosen = model.get("value");
    const place = spec.knobs.reduce((sum, knob) => sum * knob.values.length + knob.values.indexOf(chosen[knob.name]), 0);
    const frame = spec.frames[place];
    frame.panels.forEach((marks, i) => plots[i].draw(marks.map(decoded)));
    say(Object.fromEntries(frame.readouts));
    controls.forEach((control, i) => control.set(chosen[spec.knobs[i].name]));
  }

  const controls = spec.knobs.map((knob) => {
    const numeric = knob.values.every((value) => typeof value === "number");
    return (numeric ? kit.slider : kit.select)(ui.controls, {
      label: knob.label,
      values: knob.values,
      value: model.get("value")[knob.name],
      onInput: (value) => {
        model.set("value", { ...model.get("value"), [knob.name]: value });
        model.save_changes();
      },
    });
  });

  model.on("change:value", show);
  show();
  return () => model.off("change:value", show);
}

export default { render };
