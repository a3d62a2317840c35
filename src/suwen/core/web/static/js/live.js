// What happens elsewhere shows here without a reload: the unread count, short notes, and fragments that reload themselves with
// hx-trigger="live:<topic> from:body". The page works without this; it is only older then.

const first = 1000, longest = 30000;
const drawn = document.querySelector("meta[name=server-time]")?.content;
let pause = first, socket, closed = false, watched = "";

function connect() {
  socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live/inbox`);
  socket.addEventListener("open", () => {
    if (pause > first) topics().forEach(announce); // what changed while we were away was not told
    pause = first;
    watched = "";
    watch();
  });
  socket.addEventListener("message", (event) => hear(JSON.parse(event.data)));
  socket.addEventListener("close", (event) => {
    // 44xx: the server knows us and says no (signed out, not allowed); asking again will not help
    if (closed || (event.code >= 4400 && event.code < 4500)) return;
    setTimeout(connect, pause * (0.5 + Math.random()));
    pause = Math.min(pause * 2, longest);
  });
}

// the topics that the fragments of this page name in their hx-trigger
function topics() {
  const found = new Set();
  for (const el of document.querySelectorAll("[hx-trigger*='live:']"))
    for (const [, topic] of el.getAttribute("hx-trigger").matchAll(/live:([^\s,]+)/g)) found.add(topic);
  return [...found];
}

// the server tells of those that this reader may hear, and of what has changed since it drew this page
function watch() {
  const names = topics().filter((topic) => topic.includes(":")).sort().slice(0, 30);
  if (socket?.readyState !== WebSocket.OPEN || names.join() === watched) return;
  watched = names.join();
  socket.send(JSON.stringify({ type: "watch", topics: names, since: drawn }));
}

function hear(message) {
  if (message.type === "inbox") {
    count(message.unread ?? 0);
    if (message.title) note(message);
  } else if (message.type === "changed") announce(message.topic);
}

// what a fragment is fetching now may be older than the news, and once it is there the fragment that asked is gone, and what
// waited in it: so news of it wait here until it has been drawn
const late = new Set();

function announce(topic) {
  if ([...document.querySelectorAll(".htmx-request")].some((el) => el.getAttribute("hx-trigger")?.includes(`live:${topic}`)))
    return late.add(topic);
  return document.body.dispatchEvent(new CustomEvent(`live:${topic}`, { detail: { topic } }));
}

// What the page asks by itself (a poll, news) keeps nobody signed in; docs/decisions/0028. Whoever types or points does, even where
// that asks nothing of the server, as while a long text is written.
document.addEventListener("htmx:configRequest", ({ detail }) => {
  const by = detail.triggeringEvent;
  if (detail.verb === "get" && (!by || by instanceof CustomEvent)) detail.headers["X-By-Itself"] = "1";
});

const seldom = 60000;
let told = -seldom;

function here(event) {
  if (!event.isTrusted || event.timeStamp - told < seldom || socket?.readyState !== WebSocket.OPEN) return;
  told = event.timeStamp;
  socket.send('{"type":"here"}');
}
for (const sign of ["pointerdown", "keydown", "wheel", "touchmove"]) addEventListener(sign, here, { capture: true, passive: true });

export function count(unread) {
  for (const badge of document.querySelectorAll("#inbox-count")) {
    badge.hidden = unread === 0;
    badge.textContent = unread > 99 ? "99+" : String(unread);
    badge.dataset.unread = unread;
  }
}

function note(message) {
  const line = document.createElement("a");
  line.className = "toast-note";
  line.href = message.href ?? "/inbox";
  line.textContent = message.title;
  document.getElementById("toasts").append(line);
  setTimeout(() => line.remove(), 12000);
}

const badge = document.getElementById("inbox-count");
if (badge) count(Number(badge.dataset.unread ?? 0));
document.addEventListener("htmx:afterSettle", watch);
document.addEventListener("htmx:afterRequest", () => setTimeout(() => {
  const waiting = [...late];
  late.clear();
  waiting.forEach(announce);
}, 2 * htmx.config.defaultSettleDelay));
addEventListener("pagehide", () => { closed = true; socket?.close(); });
addEventListener("pageshow", (event) => { if (event.persisted) { closed = false; connect(); } });
connect();
