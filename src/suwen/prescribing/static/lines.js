// The lines of a prescription under the keyboard. Without this script the form works as it is: empty lines, "More lines" saves and adds.
// Listens on the document: the editor may arrive, and arrive again, inside the call desk.

const lines = (form) => [...form.querySelectorAll("[data-line]")];
const formOf = (element) => element.closest("[data-prescription]");

function ready() {
  for (const hidden of document.querySelectorAll("[data-prescription] [data-line-tools][hidden], [data-line-hint][hidden]")) hidden.hidden = false;
}

// Names and ids carry the number of the line; after every move they are written anew.
function number(form) {
  lines(form).forEach((line, place) => {
    line.querySelector(".rx-number").textContent = place + 1;
    const legend = line.querySelector("legend");
    legend.textContent = legend.textContent.replace(/[0-9]+/, place + 1);
    for (const field of line.querySelectorAll("[name]")) {
      const key = field.name.split(".")[2];
      field.name = `medicines.${place}.${key}`;
      if (!field.id) continue;
      const label = line.querySelector(`label[for="${field.id}"]`);
      field.id = `rx-${place}-${key}`;
      if (label) label.htmlFor = field.id;
    }
  });
}

function add(form, after) {
  const all = lines(form);
  if (all.length >= Number(form.dataset.most)) return;
  const fresh = all[0].cloneNode(true);
  for (const field of fresh.querySelectorAll("input")) {
    field.value = "";
    field.classList.remove("is-invalid");
    field.removeAttribute("aria-invalid");
    field.removeAttribute("aria-describedby");
  }
  fresh.querySelectorAll(".invalid-feedback").forEach((message) => message.remove());
  (after ?? all.at(-1)).after(fresh);
  number(form);
  first(fresh).focus();
}

const first = (line) => line.querySelector("input:not([type=hidden])");

function move(line, by) {
  const other = by < 0 ? line.previousElementSibling : line.nextElementSibling;
  if (!other) return;
  const focused = document.activeElement;
  by < 0 ? other.before(line) : other.after(line);
  number(formOf(line));
  (line.contains(focused) ? focused : first(line)).focus();
}

function remove(line) {
  const form = formOf(line);
  const next = line.nextElementSibling ?? line.previousElementSibling;
  if (next) {
    line.remove();
    number(form);
    first(next).focus();
  } else {
    for (const field of line.querySelectorAll("input")) field.value = "";
    first(line).focus();
  }
}

function enter(line) {
  const next = line.nextElementSibling;
  if (next) first(next).focus();
  else add(formOf(line), line);
}

document.addEventListener("click", (event) => {
  const line = event.target.closest("[data-prescription] [data-line]");
  if (event.target.closest("[data-line-up]")) move(line, -1);
  else if (event.target.closest("[data-line-down]")) move(line, 1);
  else if (event.target.closest("[data-line-remove]")) remove(line);
  else if (event.target.closest("[data-line-add]")) {
    event.preventDefault();
    add(formOf(event.target));
  }
});

document.addEventListener("keydown", (event) => {
  const line = event.target.closest?.("[data-prescription] [data-line]");
  if (!line || event.isComposing) return;  // Enter also chooses a Chinese word
  if (event.altKey && event.key === "ArrowUp") move(line, -1);
  else if (event.altKey && event.key === "ArrowDown") move(line, 1);
  else if (event.altKey && event.key === "Delete") remove(line);
  else if (event.key === "Enter" && event.target.matches("input")) enter(line);
  else return;
  event.preventDefault();
});

// The empty lines are for those without this script; here Enter makes the next one.
function tidy() {
  for (const form of document.querySelectorAll("[data-prescription]:not([data-tidy])")) {
    form.dataset.tidy = "";
    const empty = (line) => [...line.querySelectorAll("input")].every((field) => !field.value);
    for (const line of lines(form).slice(1).reverse()) {
      if (!empty(line) || !empty(line.previousElementSibling)) break;
      line.remove();
    }
  }
}

document.addEventListener("htmx:load", () => { ready(); tidy(); });
tidy();
ready();
