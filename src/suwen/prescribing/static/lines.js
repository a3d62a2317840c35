// The lines of a prescription under the keyboard. Without this script the form works as it is: empty lines, "More lines" saves and adds.
// Listens on the document: the editor may arrive, and arrive again, inside the call desk.
import "./names.js";
import { check, filled } from "./found.js";

const lines = (form) => [...form.querySelectorAll("[data-line]")];
const formOf = (element) => element.closest("[data-prescription]");
const first = (line) => line.querySelector("input:not([type=hidden])");
const field = (line, key) => line.querySelector(`[name$=".${key}"]`);
const grams = (number) => String(Math.round(number * 100) / 100);

// Names and ids carry the number of the line; after every move they are written anew.
function number(form) {
  lines(form).forEach((line, place) => {
    line.querySelector(".rx-number").textContent = place + 1;
    const legend = line.querySelector("legend");
    legend.textContent = legend.textContent.replace(/[0-9]+/, place + 1);
    for (const each of line.querySelectorAll("[name^='medicines.']")) {
      const key = each.name.split(".")[2];
      each.name = `medicines.${place}.${key}`;
      if (!each.id) continue;
      const label = line.querySelector(`label[for="${each.id}"]`);
      each.id = `rx-${place}-${key}`;
      if (label) label.htmlFor = each.id;
    }
  });
}

function add(form, after) {
  const all = lines(form);
  if (all.length >= Number(form.dataset.most)) return;
  const fresh = all[0].cloneNode(true);
  for (const each of fresh.querySelectorAll("input, select")) {
    each.value = "";
    each.classList.remove("is-invalid");
    for (const name of ["aria-invalid", "aria-describedby", "aria-activedescendant"]) each.removeAttribute(name);
  }
  const amount = field(fresh, "amount");
  if (amount) amount.placeholder = "";
  fresh.querySelectorAll(".invalid-feedback, .rx-names").forEach((part) => part.remove());
  fresh.querySelector("[data-found]")?.replaceChildren();
  (after ?? all.at(-1)).after(fresh);
  number(form);
  first(fresh).focus();
}

function changed(form) {
  number(form);
  weigh(form);
  check(form);
}

function move(line, by) {
  const other = by < 0 ? line.previousElementSibling : line.nextElementSibling;
  if (!other?.matches("[data-line]")) return;
  const focused = document.activeElement;
  by < 0 ? other.before(line) : other.after(line);
  (line.contains(focused) ? focused : first(line)).focus();
  changed(formOf(line));
}

function remove(line) {
  const form = formOf(line);
  const neighbours = [line.nextElementSibling, line.previousElementSibling];
  const next = neighbours.find((one) => one?.matches("[data-line]"));
  if (next) {
    line.remove();
    first(next).focus();
  } else {
    for (const each of line.querySelectorAll("input, select")) each.value = "";
    first(line).focus();
  }
  changed(form);
}

// Enter goes on: from the name to the amount, from the last place of a line to the next line.
const WAY = ["name", "amount", "frequency_code", "duration_days"];

function enter(line, from) {
  const key = from.name?.split(".")[2];
  const rest = WAY.slice(WAY.indexOf(key) + 1).map((name) => field(line, name)).filter(Boolean);
  if (WAY.includes(key) && rest.length) return into(rest[0]);
  const next = line.nextElementSibling;
  if (next?.matches("[data-line]")) into(first(next));
  else add(formOf(line), line);
}

function into(target) {
  target.focus();
  if (target.matches("input")) target.select();
}

function step(input, by) {
  const least = input.name === "doses" ? 1 : 0;
  const sum = Math.max(least, Math.min(Number(input.max) || 999, (Number(input.value) || 0) + by));
  input.value = grams(sum);
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

function weigh(form) {
  const shown = form.querySelector("[data-weight]");
  const herbs = lines(form).filter((line) => line.matches(".rx-herb") && field(line, "name").value);
  if (!shown) return;
  const sum = herbs.reduce((all, line) => all + (Number(field(line, "amount").value) || 0), 0);
  const words = form.querySelector("[data-total]").dataset.words;
  shown.textContent = herbs.length ? words.replace("{grams}", grams(sum)).replace("{herbs}", herbs.length) : "";
}

document.addEventListener("click", (event) => {
  const line = event.target.closest("[data-prescription] [data-line]");
  const by = event.target.closest("[data-step]");
  if (by) {
    const input = by.parentElement.querySelector("input");
    step(input, Number(by.dataset.step) * (event.shiftKey && !("whole" in input.dataset) ? 0.5 : 1));
  } else if (event.target.closest("[data-line-up]")) move(line, -1);
  else if (event.target.closest("[data-line-down]")) move(line, 1);
  else if (event.target.closest("[data-line-remove]")) remove(line);
  else if (event.target.closest("[data-line-add]")) {
    event.preventDefault();
    add(formOf(event.target));
  }
});

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.defaultPrevented || !event.target.closest?.("[data-prescription]")) return; // Enter also chooses a Chinese word
  const line = event.target.closest("[data-line]");
  const up = event.key === "ArrowUp", down = event.key === "ArrowDown";
  if (line && event.altKey && up) move(line, -1);
  else if (line && event.altKey && down) move(line, 1);
  else if (line && event.altKey && event.key === "Delete") remove(line);
  else if ((up || down) && !event.altKey && event.target.matches("[data-stepper]")) {
    step(event.target, (up ? 1 : -1) * (event.shiftKey && !("whole" in event.target.dataset) ? 0.5 : 1));
  } else if (line && event.key === "Enter" && event.target.matches("input:not([type=checkbox]), select") && !event.target.closest("[data-finding]")) enter(line, event.target);
  else if (event.key === "Enter" && event.target.matches("input:not([type=checkbox], [type=radio])")) { /* one field does not save the rest */ }
  else return;
  event.preventDefault();
});

document.addEventListener("rx:chosen", (event) => {
  const line = event.target.closest("[data-line]");
  if (line && event.detail.on) enter(line, event.target);
  weigh(formOf(event.target));
});

document.addEventListener("input", (event) => {
  const form = formOf(event.target);
  if (form && event.target.closest("[data-line]")) weigh(form);
});

// Another kind has other lines: what is written is kept and saved, an empty sheet is just another sheet.
document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-kinds] input")) return;
  const form = formOf(event.target), kinds = event.target.closest("[data-kinds]");
  const address = `${kinds.dataset.place}?one=new&kind=${event.target.value}`;
  if (filled(form).length || form.elements.version || !window.htmx) kinds.querySelector("[data-kind-change]").click();
  else window.htmx.ajax("GET", address, { target: "#prescription_desk", swap: "innerHTML" });
});

// The empty lines are for those without this script; here Enter makes the next one.
function tidy() {
  for (const form of document.querySelectorAll("[data-prescription]:not([data-tidy])")) {
    form.dataset.tidy = "";
    const all = lines(form), last = filled(form).at(-1);
    const keep = last ? all.indexOf(last) + 2 : 1;
    for (const line of all.slice(keep)) line.remove();
    for (const part of form.querySelectorAll("[data-line-tools], [data-line-hint], [data-step]")) part.hidden = false;
    for (const button of form.querySelectorAll("[data-kind-change]")) button.hidden = true; // a template has none
    weigh(form);
    if (last) check(form);
  }
}

document.addEventListener("htmx:load", tidy);
tidy();
