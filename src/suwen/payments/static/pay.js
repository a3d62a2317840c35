// The page on which somebody pays looks again by itself, ever less often, draws only what has changed, says it to whoever
// listens, and goes on: once to the gateway's page, and when it is paid to the visit. Without it, a button does each of these.

const first = 2000, longest = 15000, grows = 1.25;
let pause = first, timer, looking = false;

const here = () => document.getElementById("pay");

function again() {
  clearTimeout(timer);
  if (here()?.hasAttribute("data-poll")) timer = setTimeout(look, pause);
}

function look() {
  if (document.hidden) return; // looked at once more when somebody sees it
  pause = Math.min(pause * grows, longest);
  window.htmx?.trigger(here(), "look");
  again(); // also when no answer comes
}

function say(words) {
  const line = document.getElementById("pay-said");
  if (line && line.textContent !== words) line.textContent = words;
}

// only in the tab in which the way was chosen, and once for each attempt: whoever comes back is not sent away again
const chosen = /[?&]chosen=1/.test(location.search);

function goOn() {
  const link = here()?.querySelector("[data-go]");
  if (!link || !chosen) return;
  const key = `suwen-went-${link.dataset.go}`;
  try {
    if (sessionStorage.getItem(key)) return;
    sessionStorage.setItem(key, "1");
  } catch { return; } // where nothing can be remembered, the button does
  location.assign(link.href);
}

// back from a gateway's page: have it asked, without leaving a step behind to which "back" would lead
async function ask() {
  const form = here()?.querySelector("form[data-ask]");
  if (!form) return;
  history.replaceState(null, "", `${location.pathname}?asked=1`);
  try { await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "manual" }); } catch { return; }
  pause = first;
  look();
}

function arrive(seen) {
  const now = here();
  if (!now) return;
  if (seen) say(now.dataset.say);
  const to = now.dataset.onTo;
  if (to && (seen || "cameBack" in now.dataset)) setTimeout(() => location.replace(to), 2500);
  goOn();
  again();
}

document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target?.id !== "pay") return;
  looking = true;
  const found = event.detail.serverResponse.match(/data-state="([^"]*)"/);
  // an unchanged page keeps its focus, its open drawers and its countdown; an error says nothing about the payment
  if (event.detail.isError || !found || found[1] === here()?.dataset.state) event.detail.shouldSwap = false;
});
document.addEventListener("htmx:afterSwap", (event) => {
  if (!looking || !here()) return;
  looking = false;
  if (event.detail.target?.id === "pay" || event.detail.elt?.id === "pay") { pause = first; arrive(true); }
});
document.addEventListener("visibilitychange", () => { if (!document.hidden && here()?.hasAttribute("data-poll")) { pause = first; look(); } });
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); }); // "back" shows what is so now
arrive(false);
ask();
