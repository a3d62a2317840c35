// Keeps what was typed on the booking page, in this tab only, until the time is booked: a lost session, a taken
// time or a reload never costs a worried person the words about the complaint.
const form = document.querySelector("form[data-keep]");
const key = form && `suwen-${form.dataset.keep}`;

function read() {
  try { return JSON.parse(sessionStorage.getItem(key)) || {}; } catch { return {}; }
}

if (form) {
  const kept = read();
  const text = form.elements.symptoms;
  if (text && !text.value && kept.symptoms) text.value = kept.symptoms;
  form.addEventListener("input", () => {
    try { sessionStorage.setItem(key, JSON.stringify({symptoms: text.value})); } catch { /* private mode */ }
  });
}
for (const done of document.querySelectorAll('form[action$="/pay"], form[action$="/release"]')) {
  done.addEventListener("submit", () => key && sessionStorage.removeItem(key));
}
