// A plain text field in which Python can be written: Enter, Tab and Backspace know of indentation.
const STEP = 4,
  MOST_ROWS = 30;
const ENDS_BLOCK = /^\s*(return|raise|pass|break|continue)\b/;

const indentOf = (line) => line.match(/^ */)[0].length;

// Spaces at the start of the line that follows `line`.
export function nextIndent(line) {
  const indent = indentOf(line),
    code = line.replace(/#[^"']*$/, "").trimEnd();
  if (/[:([{]$/.test(code)) return indent + STEP;
  return ENDS_BLOCK.test(line) ? Math.max(indent - STEP, 0) : indent;
}

// Replace a range as typing would, so that it can be undone.
function replace(field, from, to, text) {
  field.setSelectionRange(from, to);
  const done = text
    ? document.execCommand("insertText", false, text)
    : from === to || document.execCommand("delete");
  if (done) return;
  field.setRangeText(text, from, to, "end");
  field.dispatchEvent(new Event("input"));
}

function onEnter(field) {
  const { selectionStart: from, selectionEnd: to, value } = field;
  const line = value.slice(value.lastIndexOf("\n", from - 1) + 1, from);
  replace(field, from, to, `\n${" ".repeat(nextIndent(line))}`);
}

// Move the lines of the selection by one step to the right or to the left.
function shift(field, right) {
  const { selectionStart: from, selectionEnd: to, value } = field;
  const first = value.lastIndexOf("\n", from - 1) + 1;
  const next = value.indexOf("\n", Math.max(to - (to > from ? 1 : 0), first));
  const last = next < 0 ? value.length : next;
  const before = value.slice(first, last).split("\n");
  const after = before.map((line) => {
    if (right) return line ? " ".repeat(STEP) + line : line;
    return line.slice(Math.min(indentOf(line), STEP));
  });
  replace(field, first, last, after.join("\n"));
  const moved = after[0].length - before[0].length;
  const change = after.join("\n").length - (last - first);
  field.setSelectionRange(Math.max(from + moved, first), Math.max(to + change, first));
}

function onTab(field, event) {
  const { selectionStart: from, selectionEnd: to, value } = field;
  if (event.shiftKey || value.slice(from, to).includes("\n")) {
    shift(field, !event.shiftKey);
    return;
  }
  const column = from - (value.lastIndexOf("\n", from - 1) + 1);
  replace(field, from, to, " ".repeat(STEP - (column % STEP)));
}

// In front of a line's first letter, Backspace takes one step back; return whether it was there.
function onBackspace(field) {
  const { selectionStart: from, selectionEnd: to, value } = field;
  const column = from - (value.lastIndexOf("\n", from - 1) + 1);
  if (from !== to || !column || value.slice(from - column, from).trim()) return false;
  replace(field, from - (column % STEP || Math.min(STEP, column)), from, "");
  return true;
}

function listen(field, onRun) {
  let leaving = false; // after Escape, Tab moves on as it does everywhere else
  field.addEventListener("keydown", (event) => {
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.isComposing;
    const modifier = ["Shift", "Control", "Alt", "Meta"].includes(event.key);
    let taken = true;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) onRun();
    else if (event.key === "Enter" && plain && !event.shiftKey) onEnter(field);
    else if (event.key === "Tab" && plain && !leaving) onTab(field, event);
    else if (event.key === "Backspace" && plain) taken = onBackspace(field);
    else taken = false;
    if (taken) event.preventDefault();
    if (!modifier) leaving = event.key === "Escape";
  });
  field.addEventListener("blur", () => {
    leaving = false;
  });
}

function makeField({ code, id, describedBy }) {
  const field = document.createElement("textarea");
  Object.assign(field, { id, value: code, spellcheck: false, wrap: "off", autocomplete: "off" });
  field.setAttribute("autocapitalize", "off");
  field.setAttribute("aria-describedby", describedBy);
  return field;
}

function setText(field, text) {
  field.focus();
  replace(field, 0, field.value.length, text);
  field.setSelectionRange(0, 0);
  field.scrollTop = 0;
}

function selectLine(field, line) {
  const before = field.value.split("\n").slice(0, line - 1);
  const start = before.reduce((sum, each) => sum + each.length + 1, 0);
  const end = field.value.indexOf("\n", start);
  field.focus();
  field.setSelectionRange(start, end < 0 ? field.value.length : end);
}

// An editor for `code`; `node` is what to put into the page.
export function makeEditor({ code, id, describedBy, onInput, onRun }) {
  const field = makeField({ code, id, describedBy });
  const [node, numbers] = ["check-editor", "check-numbers"].map((name) => {
    const part = document.createElement("div");
    part.className = name;
    return part;
  });
  numbers.setAttribute("aria-hidden", "true");
  const draw = () => {
    const count = field.value.split("\n").length;
    field.rows = Math.min(count + 1, MOST_ROWS);
    numbers.textContent = Array.from({ length: count }, (_, i) => i + 1).join("\n");
  };
  field.addEventListener("input", () => {
    draw();
    onInput(field.value);
  });
  field.addEventListener("scroll", () => {
    numbers.scrollTop = field.scrollTop;
  });
  listen(field, onRun);
  node.append(numbers, field);
  draw();
  return {
    node,
    get: () => field.value,
    set: (text) => setText(field, text),
    select: (line) => selectLine(field, line),
  };
}
