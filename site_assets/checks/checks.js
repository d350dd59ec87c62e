// A check in the page starts when a reader opens its box; until then nothing of it is loaded.
import { solved } from "./store.js";

const boxes = [...document.querySelectorAll("details.check")];

function showSolved() {
  const known = solved();
  for (const box of boxes) {
    if (!known[box.dataset.key] || box.querySelector(".check-solved")) continue;
    const mark = document.createElement("span");
    mark.className = "check-solved";
    mark.textContent = "✔ solved";
    box.querySelector("summary").append(" ", mark);
  }
}

async function start(box) {
  if (box.dataset.state) return;
  box.dataset.state = "loading";
  try {
    const { fill } = await import("./panel.js");
    await fill(box);
    box.dataset.state = "ready";
  } catch (error) {
    delete box.dataset.state; // opening it again tries again
    box.querySelector(".check-plain").firstChild.textContent =
      `The check could not be loaded (${error.message ?? error}). Close this box and open it to try again. The notebook has the same check: `;
  }
}

// A link to a check opens it.
function openTarget() {
  const box = boxes.find((each) => `#${each.id}` === location.hash);
  if (box) box.open = true;
}

for (const box of boxes) {
  box.addEventListener("toggle", () => box.open && start(box));
  if (box.open) start(box);
}
document.addEventListener("course:solved", showSolved);
addEventListener("hashchange", openTarget);
showSolved();
openTarget();
