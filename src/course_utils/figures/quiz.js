function render({ model, el }) {
  const ui = kit.root(el, model);
  ui.controls.remove();
  ui.body.className = "ifig-quiz";
  model.get("questions").forEach((question) => ui.body.append(question.kind === "match" ? matching(question) : choice(question)));
}

const verdict = (right, text) => kit.h("p", { class: right ? "right" : "wrong" },
  kit.h("b", {}, right ? "Right. " : "Not quite. "), ...kit.prose(text));

function asked(question, body, answers) {
  const feedback = kit.h("div", { class: "ifig-feedback", role: "status", "aria-live": "polite" });
  const check = kit.h("button", { type: "button", onclick: () => feedback.replaceChildren(...answers()) }, "Check");
  body.forEach((node) => node.addEventListener("change", () => feedback.replaceChildren()));
  return kit.h("fieldset", {}, kit.h("legend", {}, ...kit.prose(question.prompt)), ...body, check, feedback);
}

function choice(question) {
  const name = kit.unique("quiz");
  const inputs = question.options.map((_, i) => kit.h("input", { type: question.kind === "many" ? "checkbox" : "radio", name, value: i }));
  const rows = question.options.map((option, i) =>
    kit.h("label", { class: "ifig-option" }, inputs[i], kit.h("span", {}, ...kit.prose(option.text))));
  return asked(question, rows, () => answer(question, inputs.map((input) => input.checked)));
}

// What is said about the chosen options: every mistake by its reason, then what was missed.
function answer(question, chosen) {
  if (!chosen.some(Boolean)) return [kit.h("p", {}, "Choose an answer first.")];
  const wrong = question.options.filter((option, i) => chosen[i] && !option.correct);
  const missed = question.options.filter((option, i) => !chosen[i] && option.correct);
  const right = question.options.filter((option, i) => chosen[i] && option.correct);
  if (wrong.length) return wrong.map((option) => verdict(false, option.why));
  if (missed.length) return [verdict(false, `What you chose is right, but ${missed.length === 1 ? "one more option is" : `${missed.length} more options are`} right too.`)];
  return right.map((option) => verdict(true, option.why));
}

function matching(question) {
  const menus = question.items.map((item) => kit.h("select", { "aria-label": item.text },
    kit.h("option", { value: "" }, "choose …"), ...question.categories.map((name) => kit.h("option", {}, name))));
  const rows = question.items.map((item, i) => kit.h("div", { class: "ifig-match" }, kit.h("span", {}, ...kit.prose(item.text)), menus[i]));
  return asked(question, rows, () => {
    const open = menus.filter((menu) => menu.selectedIndex === 0).length;
    const wrong = question.items.filter((item, i) => menus[i].selectedIndex > 0 && menus[i].value !== item.category);
    const said = wrong.map((item) => verdict(false, `${item.text}: ${item.why}`));
    if (open) said.push(kit.h("p", {}, `${open} of ${menus.length} still to choose.`));
    return said.length ? said : [verdict(true, "Every item is in its place.")];
  });
}

export default { render };
