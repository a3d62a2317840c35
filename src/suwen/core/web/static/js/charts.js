// Draws the figures of ui.chart with uPlot. The numbers stand in the figure as JSON and, for everybody, as a table.

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const shades = ["--jade", "--gold", "--indigo", "--cinnabar"];
const drawn = new Map();

function load(figure) {
  if (!document.querySelector("link[data-uplot]")) {
    const sheet = Object.assign(document.createElement("link"), { rel: "stylesheet", href: figure.dataset.style });
    sheet.dataset.uplot = "";
    document.head.prepend(sheet);
  }
  return (load.once ??= window.uPlot ? Promise.resolve() : new Promise((done, failed) => {
    document.head.append(Object.assign(document.createElement("script"), { src: figure.dataset.library, onload: done, onerror: failed }));
  }));
}

export async function draw(figure) {
  figure.dataset.drawn = "";
  await load(figure);
  paint(figure);
  let width = 0;
  new ResizeObserver(([box]) => {
    const now = Math.round(box.contentRect.width);
    if (now && now !== width && width) drawn.get(figure)?.setSize({ width: now, height: height(now) });
    width = now;
  }).observe(figure.querySelector(".chart-drawing"));
}

const height = (width) => (width < 480 ? 200 : 240);

function paint(figure) {
  const place = figure.querySelector(".chart-drawing");
  const { labels, series } = JSON.parse(figure.querySelector("script[type='application/json']").textContent);
  const unit = figure.dataset.unit, bars = figure.dataset.chart === "bars";
  const spell = speller(unit);
  const grid = { stroke: colour("--line"), width: 1 }, ink = colour("--soft");
  const font = `13px ${getComputedStyle(document.body).fontFamily}`;
  drawn.get(figure)?.destroy();
  place.classList.add("drawn");
  drawn.set(figure, new uPlot({
    width: place.clientWidth, height: height(place.clientWidth),
    cursor: { y: false, points: { size: 8 } },
    scales: { x: { time: false, range: (_, low, high) => (bars ? [low - 0.6, high + 0.6] : [low, high]) }, y: { range: (_, low, high) => [Math.min(0, low ?? 0), Math.max((high ?? 0) * 1.1, 5)] } },
    axes: [
      { stroke: ink, font, grid: { show: false }, ticks: { show: false }, values: (_, splits) => splits.map((at) => (Number.isInteger(at) ? labels[at] ?? "" : "")), space: widest(labels, font), incrs: [1, 2, 5, 7, 14, 28], gap: 12 },
      { stroke: ink, font, grid, ticks: { show: false }, values: (_, splits) => splits.map(spell), size: 74 },
    ],
    series: [
      { label: figure.querySelector("th").textContent, value: (_, at) => labels[at] ?? "" },
      ...series.map((one, n) => line(one.label, colour(shades[n % shades.length]), bars, n, series.length, spell)),
    ],
  }, [labels.map((_, at) => at), ...series.map((one) => one.values)], place));
}

// a number in the reader's way; `unit` is %, a currency code, or a sign in front
function speller(unit) {
  const money = /^[A-Z]{3}$/.test(unit) ? { style: "currency", currency: unit, minimumFractionDigits: 0 } : {};
  const number = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 1, ...money });
  const around = unit === "%" ? (text) => `${text}%` : (text) => (money.style ? text : unit + text);
  return (value) => (value == null ? "" : around(number.format(value)));
}

function widest(labels, font) {
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = font;
  return Math.max(40, ...labels.map((label) => pen.measureText(label).width + 14));
}

function line(label, stroke, bars, n, of, spell) {
  const dash = bars || n === 0 ? undefined : [6, 4]; // told apart without colour as well
  const paths = bars ? uPlot.paths.bars({ size: [0.6 / of, 60], align: of === 1 ? 0 : n === 0 ? -1 : 1 }) : undefined;
  return { label, stroke, width: bars ? 1 : 2.5, dash, paths, fill: bars ? stroke : undefined, points: { show: !bars, size: 6 }, value: (_, v) => spell(v) };
}

const again = () => { for (const figure of drawn.keys()) if (figure.isConnected) paint(figure); else drawn.delete(figure); };
document.addEventListener("theme", again);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
