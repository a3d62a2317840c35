// Small comforts on top of pages that work without them. Every listener sits on the document, so swapped-in fragments need no set-up,
// except what has to be looked at when it appears (`dress`).

const say = (name, n) => (document.body.getAttribute(`data-say-${name}`) ?? "").replace("{n}", n);

export function toast(text, href) {
  const note = document.createElement(href ? "a" : "div");
  note.className = "toast-note";
  if (href) note.href = href;
  note.textContent = text;
  document.getElementById("toasts")?.append(note);
  fade(note);
}

function fade(note) {
  // long enough to be read twice, and it stays while it is pointed at
  let left = Math.max(6000, note.textContent.length * 120);
  const clock = setInterval(() => {
    if (note.matches(":hover, :focus-within")) return;
    left -= 500;
    if (left <= 0) { clearInterval(clock); note.remove(); }
  }, 500);
}

function cookie(name) {
  const found = document.cookie.split("; ").find((part) => part.startsWith(`${name}=`));
  if (!found) return "";
  try { return JSON.parse(decodeURIComponent(found.slice(name.length + 1).replace(/^"(.*)"$/, "$1"))); } catch { return ""; }
}

// ---- countdowns: one clock for all
const two = (n) => String(n).padStart(2, "0");

function spell(seconds) {
  const [d, h, m, s] = [Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60];
  if (d || h >= 3) return new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit: d ? "day" : "hour", unitDisplay: "long" }).format(d || h);
  return h ? `${h}:${two(m)}:${two(s)}` : `${two(m)}:${two(s)}`;
}

function tick() {
  for (const time of document.querySelectorAll("[data-countdown]:not([data-ended])")) {
    const left = Math.ceil((Date.parse(time.dataset.countdown) - Date.now() - skew) / 1000);
    time.textContent = left > 0 ? spell(left) : time.dataset.over;
    time.closest(".countdown")?.classList.toggle("soon", left < 60);
    if (left > 0) continue;
    time.dataset.ended = "";
    time.dispatchEvent(new CustomEvent("countdown:over", { bubbles: true }));
    if ("reload" in time.dataset) setTimeout(() => location.reload(), 1500);
  }
}

// people's clocks are wrong by minutes: go by the server's
const served = document.querySelector("meta[name=server-time]")?.content;
const skew = served ? Date.parse(served) - performance.timeOrigin - (performance.getEntriesByType("navigation")[0]?.responseStart ?? 0) : 0;

// ---- dialogs
function confirmed(button) {
  return new Promise((settle) => {
    const box = document.createElement("dialog");
    box.className = "dialog";
    box.innerHTML = '<form method="dialog" class="dialog-body"><p></p><div class="actions actions-end"><button class="btn btn-secondary" value="no"></button><button class="btn" value="yes"></button></div></form>';
    box.querySelector("p").textContent = button.dataset.confirm;
    box.querySelector("[value=no]").textContent = say("no");
    const yes = box.querySelector("[value=yes]");
    yes.textContent = button.textContent.trim() || say("yes");
    yes.classList.add(button.classList.contains("btn-danger") ? "btn-danger" : "btn-primary");
    box.addEventListener("close", () => { box.remove(); settle(box.returnValue === "yes"); });
    document.body.append(box);
    box.showModal();
  });
}

document.addEventListener("click", async (event) => {
  const el = event.target.closest("[data-dialog], [data-close], [data-copy], [data-reveal], dialog");
  if (!el) return;
  if (el.dataset.dialog) {
    const box = document.getElementById(el.dataset.dialog);
    if (box && !event.metaKey && !event.ctrlKey) { event.preventDefault(); box.showModal(); }
  } else if ("close" in el.dataset) el.closest("dialog")?.close();
  else if (el.dataset.copy !== undefined) {
    await navigator.clipboard.writeText(el.dataset.copy);
    toast(el.dataset.done);
  } else if (el.dataset.reveal) {
    const input = document.getElementById(el.dataset.reveal);
    const shown = input.type === "text";
    input.type = shown ? "password" : "text";
    [el.textContent, el.dataset.on] = [el.dataset.on, el.textContent];
  } else if (el === event.target && el.matches("dialog[open]")) el.close(); // a click beside it
});

const agreed = new WeakSet();
document.addEventListener("submit", async (event) => {
  const form = event.target, button = event.submitter;
  if (button?.dataset.confirm && !agreed.has(button)) {
    event.preventDefault();
    event.stopImmediatePropagation();
    if (await confirmed(button)) { agreed.add(button); form.requestSubmit(button); agreed.delete(button); }
    return;
  }
  if (form.matches("[data-autosubmit]")) tidy(form);
}, true);

// an address without empty filters can be read and shared
function tidy(form) {
  for (const input of form.elements) if (input.name && input.value === "") { input.disabled = true; setTimeout(() => (input.disabled = false)); }
}

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-autosubmit]");
  if (form && event.target.matches("select, input:not([type=text], [type=search])")) form.requestSubmit();
});

document.addEventListener("input", (event) => { if (event.target.matches("[data-count]")) count(event.target); });

function count(area) {
  let line = area.nextElementSibling;
  if (!line?.classList.contains("char-count")) {
    line = document.createElement("div");
    line.className = "char-count";
    line.setAttribute("aria-live", "off");
    area.after(line);
  }
  const left = area.maxLength - area.value.length;
  line.textContent = left <= area.maxLength / 5 ? say("left", left) : "";
}

// ---- the clock beside the reader: told once per visit of the browser, and a page in another zone is asked for again
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
const told = () => document.cookie.includes("zone=");
if (here && document.body.classList.contains("public") && document.documentElement.dataset.zone !== here && !told()) {
  document.cookie = `zone=${here}; path=/; samesite=lax`;
  // not where cookies are off, nor where one was chosen in the account: that one no script sees or replaces
  if (told()) location.reload();
}

// ---- appearance: at once, and remembered by the server's cookie
document.addEventListener("click", (event) => {
  const chosen = event.target.closest("[data-theme-switch] a");
  if (!chosen) return;
  event.preventDefault();
  const value = chosen.dataset.theme;
  if (value === "system") delete document.documentElement.dataset.bsTheme;
  else document.documentElement.dataset.bsTheme = value;
  for (const one of chosen.parentElement.children) one.setAttribute("aria-current", one === chosen);
  document.querySelector("meta[name=color-scheme]").content = value === "system" ? "light dark" : value;
  document.cookie = `theme=${value}; path=/; max-age=31536000; samesite=lax`;
  document.dispatchEvent(new Event("theme"));
});

// ---- menu closes like a menu; keys of staff pages: data-key="a" clicks the element
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("[data-menu][open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") for (const menu of document.querySelectorAll("[data-menu][open]")) { menu.open = false; menu.querySelector("summary").focus(); }
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, [contenteditable], dialog[open]")) return;
  if (event.key === "?" && document.querySelector("[data-key]")) return keys();
  const target = event.key === "/" ? document.querySelector("main [type=search]") : document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (!target) return;
  event.preventDefault();
  if (event.key === "/") target.focus(); else target.click();
});

// "Name: please fill this in." The summary stands above the fields, so only the browser knows what they are called.
function name(link) {
  link.dataset.named = "";
  const field = document.getElementById(link.hash.slice(1));
  const label = field?.labels?.[0] ?? field?.querySelector("legend");
  if (label) link.prepend(label.firstChild.textContent.trim() + (document.documentElement.lang.startsWith("zh") ? "：" : ": "));
}

// "?" lists the keys of this page
function keys() {
  const box = document.createElement("dialog");
  box.className = "dialog";
  box.innerHTML = '<div class="dialog-body"><h2></h2><dl class="keys"></dl><form method="dialog" class="actions actions-end"><button class="btn btn-secondary"></button></form></div>';
  box.querySelector("h2").textContent = say("keys");
  box.querySelector("button").textContent = say("close");
  const known = new Map([...document.querySelectorAll("[data-key]")].reverse().map((el) => [el.dataset.key.toUpperCase(), el.getAttribute("aria-label") ?? el.textContent.trim()]));
  for (const [key, words] of [...known].reverse()) {
    const name = document.createElement("dt"), what = document.createElement("dd");
    name.append(Object.assign(document.createElement("kbd"), { textContent: key }));
    what.textContent = words;
    box.querySelector("dl").append(name, what);
  }
  box.addEventListener("close", () => box.remove());
  document.body.append(box);
  box.showModal();
}

function dress(root) {
  for (const el of root.querySelectorAll("[data-reveal], [data-copy]")) el.hidden = false;
  for (const area of root.querySelectorAll("textarea[data-count]")) count(area);
  for (const figure of root.querySelectorAll("[data-chart]:not([data-drawn])")) import(figure.dataset.module).then((charts) => charts.draw(figure));
  for (const day of root.querySelectorAll(".week-strip :checked")) {
    const strip = day.closest(".week-strip"), chosen = day.closest("label");
    strip.scrollLeft = chosen.offsetLeft - (strip.clientWidth - chosen.clientWidth) / 2;
  }
  for (const tab of root.querySelectorAll(".tabs [aria-current]")) {
    const bar = tab.closest(".tabs"), item = tab.closest("li");
    bar.scrollLeft = item.offsetLeft - bar.offsetLeft - (bar.clientWidth - item.clientWidth) / 2;
  }
  for (const link of root.querySelectorAll(".error-summary a[href^='#']:not([data-named])")) name(link);
  const first = root.querySelector("[data-focus]");
  if (first) first.focus();
  tick();
}

document.addEventListener("htmx:load", (event) => dress(event.target));
document.addEventListener("htmx:sendError", () => toast(say("offline")));
for (const note of document.querySelectorAll(".toast-note")) fade(note);
const kept = cookie("toast");
if (kept && !document.querySelector(".toast-note")) toast(kept);
if (kept) document.cookie = "toast=; path=/; max-age=0";
dress(document);
setInterval(tick, 1000);
document.documentElement.dataset.ready = "";
