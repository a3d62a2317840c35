// What the safety engine says while somebody writes, beside the line it concerns. Nothing is stored by asking.
// Answers that were typed stay: a finding that is still there keeps its element, wherever its line goes.

const PAUSE = 350;
const clocks = new WeakMap();
const turns = new WeakMap();

// Lines in which anything is written, in order: findings count these.
export function filled(form) {
  return [...form.querySelectorAll("[data-line]")].filter((line) =>
    [...line.querySelectorAll("[name^='medicines.']")].some((field) => field.value !== ""));
}

export function check(form) {
  if (!form.dataset.check) return; // a template is for nobody yet: there is nothing to check it against
  clearTimeout(clocks.get(form));
  clocks.set(form, setTimeout(() => ask(form), PAUSE));
}

async function ask(form) {
  if (!form.isConnected) return;
  const turn = (turns.get(form) ?? 0) + 1;
  turns.set(form, turn);
  const body = new FormData(form);
  body.delete("_once"); // asked again and again, and each time anew
  const lines = filled(form);
  const answer = await fetch(form.dataset.check, { method: "POST", body: new URLSearchParams(body), headers: { "HX-Request": "true", "HX-Target": "rx_found_now" } }).catch(() => null);
  if (!answer?.ok || turns.get(form) !== turn) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-found-answer]");
  if (page && form.isConnected) show(form, lines, page);
}

function show(form, lines, page) {
  const before = new Map([...form.querySelectorAll("[data-finding]")].map((one) => [one.dataset.finding, one]));
  const part = (name) => page.querySelector(`[data-for="${name}"]`);
  for (const line of form.querySelectorAll("[data-line]")) {
    const at = lines.indexOf(line), fresh = at < 0 ? null : part(at);
    fit(line.querySelector("[data-found]"), fresh, before);
    const quantity = line.querySelector("[data-quantity]");
    if (quantity && fresh?.dataset.quantity && !quantity.value) quantity.placeholder = fresh.dataset.quantity;
  }
  fit(form.querySelector("[data-found=all]"), part("all"), before);
  renumber(form);
  for (const name of ["tally", "price"]) {
    const shown = form.querySelector(`[data-${name}]`);
    if (shown && part(name)) shown.replaceChildren(...part(name).childNodes);
  }
  say(form.querySelector("[data-said]"), part("spoken")?.textContent.replace(/\s+/g, " ").trim() ?? "");
  form.dataset.checked = turns.get(form);
}

function fit(list, fresh, before) {
  if (!list) return;
  const wanted = [...(fresh?.children ?? [])].map((one) => kept(before.get(one.dataset.finding), one));
  const same = wanted.length === list.children.length && wanted.every((one, at) => one === list.children[at]);
  if (!same) list.replaceChildren(...wanted);
}

// The element that is there stays, with what was typed into it; its words may change with the amount.
function kept(old, fresh) {
  if (!old || old.dataset.severity !== fresh.dataset.severity || old.dataset.needs !== fresh.dataset.needs) return fresh;
  const words = [old, fresh].map((one) => one.querySelector("[data-finding-words]"));
  if (words[0] && words[1] && words[0].textContent !== words[1].textContent) words[0].textContent = words[1].textContent;
  return old;
}

function renumber(form) {
  [...form.querySelectorAll("[data-finding][data-needs]")].forEach((finding, place) => {
    for (const field of finding.querySelectorAll("[name^='answers.']")) field.name = `answers.${place}.${field.name.split(".")[2]}`;
    const reason = finding.querySelector("input[name$='.reason']");
    if (!reason) return;
    reason.id = `rx-answer-${place}`;
    finding.querySelector("label").htmlFor = reason.id;
  });
}

// Said once, when it has changed; hearing the same sentence at every key would be noise.
function say(region, text) {
  if (region && region.textContent !== text) region.textContent = text;
}

function heard(event) {
  const form = event.target.closest?.("[data-prescription][data-check]");
  if (!form || event.target.closest("[data-finding], [data-kinds]") || event.target.matches("[data-offers], [data-phrases], [data-names]")) return;
  check(form);
}

document.addEventListener("input", heard);
document.addEventListener("change", heard);
document.addEventListener("rx:chosen", (event) => { const form = event.target.closest("[data-prescription]"); if (form && event.target.closest("[data-line]")) check(form); });
document.addEventListener("focusout", (event) => { if (event.target.matches?.("[data-prescription] [data-names]") && event.target.value) check(event.target.closest("form")); });
