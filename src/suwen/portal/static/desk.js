// The diagnosis is written once: the prescription's follows the one in the notes until it is given words of its own.

const written = () => document.querySelector("#notes [name=diagnosis]");
const prescribed = () => document.querySelector("[data-prescription] [name=diagnosis]");
let carried = "";

function carry() {
  const [from, to] = [written(), prescribed()];
  if (!from || !to) return;
  const text = from.value.replace(/\s*\n\s*/g, " ").slice(0, to.maxLength);
  if (to.value === text) carried = text;
  if (to.value && to.value !== carried) return;
  carried = to.value = text;
}

document.addEventListener("input", (event) => { if (event.target === written()) carry(); });
document.addEventListener("htmx:afterSettle", carry);
