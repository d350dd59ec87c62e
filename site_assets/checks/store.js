// What a browser keeps of a reader's work: the code of each exercise, and which are solved.
const SOLVED = "course:solved";
const place = (key) => `course:code:${key}`;

function read(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null; // storage may be switched off
  }
}

export function solved() {
  try {
    const found = JSON.parse(read(SOLVED) ?? "{}");
    return found && typeof found === "object" && !Array.isArray(found) ? found : {};
  } catch {
    return {};
  }
}

// Note that an exercise is solved, with the date of the first time, and tell the page.
export function markSolved(key) {
  const known = solved();
  known[key] ??= new Date().toISOString();
  try {
    localStorage.setItem(SOLVED, JSON.stringify(known));
  } catch {
    /* the page still says so */
  }
  document.dispatchEvent(new CustomEvent(SOLVED, { detail: { key, date: known[key] } }));
}

export const savedCode = (key) => read(place(key));

// Keep the code, or forget it where it is the stub; return whether that worked.
export function saveCode(key, code, stub) {
  try {
    if (code === stub) localStorage.removeItem(place(key));
    else localStorage.setItem(place(key), code);
    return true;
  } catch {
    return false;
  }
}
