const whole = (bits) => bits.reduce((sum, bit) => 2 * sum + bit, 0);

function valueOf(bits, [e, m, infinity]) {
  const bias = 2 ** (e - 1) - 1, top = 2 ** e - 1, exponent = whole(bits.slice(1, 1 + e)), fraction = whole(bits.slice(1 + e)), sign = bits[0] ? -1 : 1;
  if (exponent === top && infinity) return fraction ? NaN : sign * Infinity;
  if (exponent === top && fraction === 2 ** m - 1) return NaN;
  return sign * ((exponent ? 2 ** m : 0) + fraction) * 2 ** (Math.max(exponent, 1) - bias - m);
}

function toEven(x) {
  const low = Math.floor(x), rest = x - low;
  return rest > 0.5 || (rest === 0.5 && low % 2 === 1) ? low + 1 : low;
}

function powerOf(x) { // the largest p with 2^p <= x
  let p = Math.floor(Math.log2(x));
  if (2 ** p > x) p -= 1;
  return 2 ** (p + 1) <= x ? p + 1 : p;
}

function bitsOf(number, [e, m, infinity]) {
  const bias = 2 ** (e - 1) - 1, top = 2 ** e - 1, size = Math.abs(number);
  const power = size ? Math.max(powerOf(size), 1 - bias) : 1 - bias, steps = toEven(size / 2 ** power * 2 ** m);
  let pattern = steps >= 2 ** m ? (power + bias - 1) * 2 ** m + steps : steps;
  const largest = infinity ? top * 2 ** m - 1 : top * 2 ** m + 2 ** m - 2;
  if (pattern > largest) pattern = largest + Number(infinity); // infinity is the pattern after the largest number
  return [Number(number < 0 || Object.is(number, -0)), ...[...Array(e + m)].map((_, k) => Math.floor(pattern / 2 ** (e + m - 1 - k)) % 2)];
}

function render({ model, el }) {
  const PARTS = [["sign", 1], ["exponent", 0], ["fraction", 2]];
  const ui = kit.root(el, model), formats = model.get("formats");
  ui.body.style.display = "block";
  let name = model.get("format"), asked = model.get("number"), bits = bitsOf(asked, formats[name]);
  kit.select(ui.controls, { label: "format", values: Object.keys(formats), value: name, onInput: (chosen) => {
    const kept = asked ?? valueOf(bits, formats[name]);
    name = chosen;
    asked = Number.isFinite(kept) ? kept : 0;
    bits = bitsOf(asked, formats[name]);
    build();
  } });
  const typed = kit.number(ui.controls, { label: "a number", value: asked, onInput: (value) => { asked = value; bits = bitsOf(asked, formats[name]); show(); } });
  for (const [label, factor] of [["next smaller pattern", -1], ["next larger pattern", 1]]) kit.button(ui.controls, label, () => step(factor));
  const say = kit.readout(ui.after);
  let buttons = [];

  function step(way) {
    const pattern = whole(bits.slice(1)) + way, width = bits.length - 1;
    if (pattern < 0 || pattern >= 2 ** width) return;
    bits = [bits[0], ...[...Array(width)].map((_, k) => Math.floor(pattern / 2 ** (width - 1 - k)) % 2)];
    flipped();
  }

  function flipped() {
    asked = null;
    const value = valueOf(bits, formats[name]);
    typed.set(Number.isFinite(value) ? value : "");
    show();
  }

  function build() {
    const [e, m] = formats[name], lengths = [1, e, m];
    buttons = [];
    const groups = PARTS.map(([part, colour], which) => {
      const row = kit.h("div", { style: "display:flex;flex-wrap:wrap;gap:0.15rem" });
      for (let k = 0; k < lengths[which]; k++) {
        const place = buttons.length;
        buttons.push(kit.button(row, "0", () => { bits[place] = 1 - bits[place]; flipped(); }));
        Object.assign(buttons[place].style, { padding: "0.1rem", width: "1.7rem", borderColor: kit.COLOURS[colour], borderWidth: "2px" });
      }
      return kit.h("div", { role: "group", "aria-label": `${part}, ${lengths[which]} bits` }, kit.h("div", { class: "ifig-title" }, part), row);
    });
    ui.body.replaceChildren(kit.h("div", { style: "display:flex;flex-wrap:wrap;gap:0.4rem 1rem" }, ...groups));
    show();
  }

  function show() {
    const layout = formats[name], [e, m] = layout, value = valueOf(bits, layout), exponent = whole(bits.slice(1, 1 + e)), bias = 2 ** (e - 1) - 1;
    buttons.forEach((button, k) => {
      const part = k === 0 ? "sign" : k <= e ? `exponent, worth ${2 ** (e - k)}` : `fraction, worth 2 to the −${k - e}`;
      button.textContent = bits[k];
      button.setAttribute("aria-pressed", String(bits[k] === 1));
      button.setAttribute("aria-label", `bit ${k + 1}, ${part}: ${bits[k]}`);
    });
    const finite = Number.isFinite(value), power = Math.max(exponent, 1) - bias, fraction = whole(bits.slice(1 + e)) / 2 ** m;
    say({
      "value": finite ? String(Number(value.toPrecision(9))).replaceAll("-", "−") : Number.isNaN(value) ? "not a number" : value > 0 ? "infinity" : "−infinity",
      ...(finite ? { "read as": `${bits[0] ? "−" : ""}${Number(((exponent ? 1 : 0) + fraction).toPrecision(6))} · 2^${String(power).replace("-", "−")}${exponent || value === 0 ? "" : " (subnormal)"}`, "distance to the next": 2 ** (power - m) } : {}),
      ...(finite && asked ? { "relative error of rounding": Math.abs(value - asked) / Math.abs(asked) } : {}),
    });
  }

  build();
}

export default { render };
