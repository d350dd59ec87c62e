function render({ model, el }) {
  const ui = kit.root(el, model), events = model.get("events");
  ui.body.className = "ifig-story";
  ui.body.setAttribute("role", "status");
  const buttons = events.map((event, i) => kit.button(ui.controls, String(event.year), () => open(i)));
  ui.controls.addEventListener("keydown", (key) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[key.key], at = buttons.indexOf(document.activeElement);
    if (!step || at < 0) return;
    key.preventDefault();
    open((at + step + events.length) % events.length, true);
  });

  function open(i, focus = false) {
    const event = events[i];
    buttons.forEach((button, k) => button.setAttribute("aria-pressed", String(k === i)));
    if (focus) buttons[i].focus();
    ui.body.replaceChildren(
      kit.h("p", {}, kit.h("b", {}, `${event.year} · ${event.title}`)),
      kit.h("p", {}, ...kit.prose(event.text)),
      event.page ? kit.h("p", {}, "Taught in ", kit.pageLink(event.page, event.page_title), ".") : "",
    );
  }
  open(0);
}

export default { render };
