// Type-ahead as a combobox: letters in, a list of options below the field. Arrows choose, Enter or Tab takes, Escape closes.
// The first option is the active one, so that "fz" and Enter are enough for 附子.

const PAUSE = 60;
const FIELDS = "[data-prescription] :is([data-names], [data-offers])";
let open = null; // {input, list, at}
let asked = 0;
let clock = 0;

function dress(input) {
  if (input.getAttribute("role") === "combobox") return;
  const list = listOf(input);
  const states = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id, "aria-haspopup": "listbox" };
  for (const [name, value] of Object.entries(states)) input.setAttribute(name, value);
}

const listOf = (input) => document.getElementById("names" in input.dataset ? "rx-names" : "rx-offers");
const addressOf = (input) =>
  "names" in input.dataset
    ? `/prescriptions/names?kind=${input.dataset.names}&q=${encodeURIComponent(input.value)}`
    : `/prescriptions/offers?appointment=${input.dataset.offers}&q=${encodeURIComponent(input.value)}`;

async function look(input) {
  const mine = ++asked;
  if (!input.value.trim()) return close();
  const list = listOf(input);
  const answer = await fetch(addressOf(input), { headers: { "HX-Request": "true", "HX-Target": list.id.replace("-", "_") } }).catch(() => null);
  if (mine !== asked || !answer?.ok || document.activeElement !== input) return;
  list.innerHTML = await answer.text();
  if (mine !== asked) return;
  const options = list.querySelectorAll("[role=option]");
  if (!options.length) return close();
  input.closest(".rx-cell").append(list);
  list.hidden = false;
  input.setAttribute("aria-expanded", "true");
  list.removeAttribute("aria-busy");
  open = { input, list, at: -1, stale: false };
  activate(0);
}

function activate(at) {
  const options = [...open.list.querySelectorAll("[role=option]")];
  open.at = (at + options.length) % options.length;
  options.forEach((one, place) => one.setAttribute("aria-selected", place === open.at));
  open.input.setAttribute("aria-activedescendant", options[open.at].id);
  options[open.at].scrollIntoView({ block: "nearest" });
}

function close() {
  clearTimeout(clock);
  if (!open) return;
  open.list.hidden = true;
  open.input.setAttribute("aria-expanded", "false");
  open.input.removeAttribute("aria-activedescendant");
  // the list is shared by all lines and must outlive each of them
  open.input.closest("[data-prescription]")?.querySelector("[data-lines]")?.after(open.list);
  open = null;
}

function take(option, on) {
  const { input } = open;
  asked++;
  close();
  const line = input.closest("[data-line]");
  input.value = option.dataset.name;
  if (line) fit(line, option.dataset);
  else input.closest("form").querySelector("[data-insert]").value = option.dataset.value;
  input.dispatchEvent(new CustomEvent("rx:chosen", { bubbles: true, detail: { on } }));
  if (!line && on) input.closest("form").querySelector("[data-insert-go]").click();
}

// Whoever typed a whole name means that one.
const exact = (options) => [...options].find((one) => one.dataset.name === open.input.value.trim()) ?? options[open.at];

// What the reference knows of it: how it is decocted, what it is counted in, the usual range.
function fit(line, known) {
  const set = (selector, value) => { const field = line.querySelector(selector); if (field) field.value = value; };
  set("[data-code]", known.code);
  if (known.unit && known.unit !== "g") set("[data-unit]", known.unit);
  if (known.specification) set("[data-specification]", known.specification);
  const method = line.querySelector("select[name$='.method']");
  if (method) method.value = known.method ?? "";
  const amount = line.querySelector("[name$='.amount']");
  if (amount) amount.placeholder = known.range ?? "";
}

function typed(input) {
  const line = input.closest("[data-line]");
  if (line) line.querySelector("[data-code]").value = "";
  else input.closest("form").querySelector("[data-insert]").value = "";
  asked++; // what is on its way was asked with fewer letters
  if (open?.input === input) {
    open.stale = true;
    open.list.setAttribute("aria-busy", "true");
  }
  clearTimeout(clock);
  clock = setTimeout(() => look(input), PAUSE);
}

function all() { for (const input of document.querySelectorAll(FIELDS)) dress(input); }

document.addEventListener("htmx:load", all);
all();
document.addEventListener("input", (event) => { if (event.target.matches(FIELDS) && !event.isComposing) typed(event.target); });
document.addEventListener("compositionend", (event) => { if (event.target.matches(FIELDS)) typed(event.target); });
document.addEventListener("focusout", (event) => { if (open?.input === event.target) close(); });

document.addEventListener("keydown", (event) => {
  if (!event.target.matches?.(FIELDS) || event.isComposing || event.altKey) return;
  if (!open) {
    if (event.key === "Enter" && "offers" in event.target.dataset) {
      event.preventDefault();
      event.target.closest("form").querySelector("[data-insert-go]").click();
    }
    return;
  }
  // An offer made for fewer letters is another herb: whoever is quicker than the list keeps what was typed.
  if (open.stale && (event.key === "Enter" || event.key === "Tab")) return void close();
  const options = open.list.querySelectorAll("[role=option]");
  if (event.key === "ArrowDown") activate(open.at + 1);
  else if (event.key === "ArrowUp") activate(open.at - 1);
  else if (event.key === "Enter") take(options[open.at], true);
  else if (event.key === "Escape") close();
  else if (event.key === "Tab" && open.input.dataset.names) return void take(exact(options), false);
  else return;
  event.preventDefault();
  event.stopPropagation();
}, true);

document.addEventListener("pointerdown", (event) => {
  const option = event.target.closest?.(".rx-names [role=option]");
  if (!option || !open) return;
  event.preventDefault(); // the field keeps the focus
  take(option, true);
});
