// Draws the charts of a page with uPlot, each from the JSON inside its figure; a table on the page has the same figures.
//
// A figure[data-chart] holds a legend, whose keys lend the lines their colours, a [data-plot] to draw in, and
// <script type="application/json">:
//   {language, frequency: "D" | "W" | "M", recent: periods shown at first,
//    history: {days, demand}, forecast: {days, mean, plan, low, high}, labels: {history, mean, plan, band},
//    marks: [{first, last, kind, words}]}
// A <data> in the element that data-level of the figure names is a level to draw: its value, with its words; the chart
// follows it when it changes.
// Days are counted from 1970-01-01. `plan`, `low` and `high` may be missing. A click on a step of the history is told by
// the event chart:pick with its index; chart:show has the cursor go to a step.

const SECONDS_A_DAY = 86400;
const SPARSE_SHARE = 0.5; // of periods without demand, from which a line would only run along zero
const HEADROOM = 1.08; // above the highest value
const FARTHEST_LEVEL = 3; // times the highest value: a level above that is named at the top instead
const [LEAST_HEIGHT, MOST_HEIGHT] = [300, 440]; // pixels
const HALF_A_DATE = 40; // room at the right for the last date, which stands under its point

/** Whether a history is mostly zeros, so that stems read better than a line. */
export function isSparse(demand) {
  const zeros = demand.filter((quantity) => quantity === 0).length;
  return demand.length > 0 && zeros / demand.length >= SPARSE_SHARE;
}

/** The columns that uPlot takes: one x for all, in seconds, and null where a line has no value. */
export function columnsOf({ history, forecast }) {
  const sparse = isSparse(history.demand);
  const before = history.days.map(() => null);
  const after = forecast.days.map(() => null);
  const ahead = (values) => (values ? [...before, ...values] : [...before, ...after]);
  return {
    x: [...history.days, ...forecast.days].map((day) => day * SECONDS_A_DAY),
    demand: [...history.demand.map((quantity) => (sparse && quantity === 0 ? null : quantity)), ...after],
    high: ahead(forecast.high),
    low: ahead(forecast.low),
    mean: ahead(forecast.mean),
    plan: ahead(forecast.plan),
  };
}

/** The first and last x of the latest periods of the history with the whole forecast, with half a period's room. */
export function recentSpan(x, historyLength, periods) {
  if (x.length === 0) return [0, SECONDS_A_DAY];
  const first = Math.max(Math.min(historyLength, x.length - 1) - periods, 0);
  const room = x.length > 1 ? (x[x.length - 1] - x[0]) / (x.length - 1) / 2 : SECONDS_A_DAY;
  return [x[first] - room, x[x.length - 1] + room];
}

/**
 * From zero to a little above the highest value, and above a level that is not so far above it that the values would
 * lie flat; a chart of nothing but zeros still has a height.
 */
export function heightOf(highest, level = 0) {
  const top = level <= FARTHEST_LEVEL * highest || !(highest > 0) ? Math.max(highest ?? 0, level) : highest;
  return [0, top > 0 ? top * HEADROOM : 1];
}

/** How tall a chart of some width is: taller on wide screens, so that it does not lie flat. */
export function tallFor(width) {
  return Math.round(Math.min(Math.max(width * 0.22, LEAST_HEIGHT), MOST_HEIGHT));
}

/** The values at one x, as [name of a key, value]: only those that the chart has there. */
export function valuesAt({ history, forecast }, index) {
  const step = index - history.days.length;
  if (step < 0) return [["history", [history.demand[index]]]];
  const found = [["mean", [forecast.mean[step]]]];
  if (forecast.plan) found.push(["plan", [forecast.plan[step]]]);
  if (forecast.low && forecast.high) found.push(["band", [forecast.low[step], forecast.high[step]]]);
  return found;
}

/** Where a tooltip goes beside the cursor, without leaving the chart. */
export function leftOf(cursor, width, room) {
  const gap = 12;
  const wanted = cursor + gap + width <= room ? cursor + gap : cursor - gap - width;
  return Math.max(Math.min(wanted, room - width), 0);
}

/** Writes dates and quantities in the reader's language. */
export function wordsFor(language, frequency) {
  const locale = language === "en" ? "en-GB" : language; // as the tables write dates
  const form = frequency === "M" ? { month: "short", year: "numeric" } : { day: "numeric", month: "short", year: "numeric" };
  const date = new Intl.DateTimeFormat(locale, { ...form, timeZone: "UTC" });
  const quantity = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 });
  const short = new Intl.NumberFormat(locale, { notation: "compact", maximumFractionDigits: 2 });
  return {
    date: (seconds) => date.format(new Date(seconds * 1000)),
    quantity: (values) => values.map((value) => quantity.format(value)).join(" – "),
    short: (value) => short.format(value),
  };
}

function colourOf(figure, key) {
  const found = figure.querySelector(`[data-key="${key}"]`);
  return getComputedStyle(found ?? figure).color;
}

function faded(colour, share) {
  return `color-mix(in srgb, ${colour} ${share * 100}%, transparent)`;
}

/** Draws the line between what was and what is expected. */
function cutoffMark(x, historyLength, figure) {
  return (plot) => {
    if (historyLength === 0 || historyLength >= x.length) return;
    const at = Math.round(plot.valToPos((x[historyLength - 1] + x[historyLength]) / 2, "x", true));
    const { left, top, width, height } = plot.bbox;
    if (at < left || at > left + width) return;
    const pen = plot.ctx;
    pen.save();
    pen.strokeStyle = getComputedStyle(figure).color;
    pen.setLineDash([4, 4]);
    pen.beginPath();
    pen.moveTo(at, top);
    pen.lineTo(at, top + height);
    pen.stroke();
    pen.restore();
  };
}

/** Draws what is marked in the history: a wash over its days, and its words where there is room for them. */
function markedDays(marks, figure) {
  return (plot) => {
    const { left, top, width, height } = plot.bbox;
    const pen = plot.ctx;
    const colour = getComputedStyle(figure).getPropertyValue("--warn");
    let taken = left;
    pen.save();
    pen.font = `${12 * devicePixelRatio}px system-ui, sans-serif`;
    pen.textBaseline = "top";
    pen.textAlign = "left";
    for (const { first, last, words } of [...(marks ?? [])].sort((one, other) => one.first - other.first)) {
      const [from, to] = [first, last + 1].map((day) => plot.valToPos(day * SECONDS_A_DAY, "x", true));
      const [start, end] = [Math.max(from, left), Math.min(Math.max(to, from + 3 * devicePixelRatio), left + width)];
      if (end <= start) continue;
      pen.fillStyle = faded(colour, 0.16);
      pen.fillRect(start, top, end - start, height);
      pen.fillStyle = colour;
      pen.fillRect(start, top, end - start, 2 * devicePixelRatio);
      const wide = pen.measureText(words).width;
      const at = Math.min(start, left + width - wide);
      if (at < taken) continue;
      pen.fillText(words, at, top + 5 * devicePixelRatio);
      taken = at + wide + 8 * devicePixelRatio;
    }
    pen.restore();
  };
}

/** The level that a figure shows: {value, words}; undefined where it has none. */
function levelOf(figure) {
  const found = figure.dataset.level && document.querySelector(`${figure.dataset.level} data`);
  return found ? { value: Number(found.value), words: found.textContent } : undefined;
}

/** Draws a level as a dashed line with its words, or the words alone at the top where it is above the chart. */
function levelMark(figure) {
  return (plot) => {
    const level = levelOf(figure);
    if (!level || !(level.value > 0)) return;
    const { left, top, width } = plot.bbox;
    const is_above = level.value > plot.scales.y.max;
    const at = is_above ? top : Math.round(plot.valToPos(level.value, "y", true));
    const pen = plot.ctx;
    pen.save();
    pen.strokeStyle = pen.fillStyle = getComputedStyle(figure).getPropertyValue("--ink");
    pen.font = `600 ${12 * devicePixelRatio}px system-ui, sans-serif`;
    pen.lineWidth = devicePixelRatio;
    if (!is_above) {
      pen.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
      pen.beginPath();
      pen.moveTo(left, at);
      pen.lineTo(left + width, at);
      pen.stroke();
    }
    const has_room = at - top > 20 * devicePixelRatio;
    pen.textBaseline = has_room ? "bottom" : "top";
    pen.textAlign = "left";
    pen.lineJoin = "round";
    pen.lineWidth = 4 * devicePixelRatio;
    pen.setLineDash([]);
    pen.strokeStyle = getComputedStyle(figure).getPropertyValue("--card");
    const words = is_above ? `↑ ${level.words}` : level.words;
    const place = [left + 6 * devicePixelRatio, at + (has_room ? -4 : is_above ? 22 : 4) * devicePixelRatio];
    pen.strokeText(words, ...place);
    pen.fillText(words, ...place);
    pen.restore();
  };
}

/** Draws the band of a forecast of one step, which as an area would have no width. */
function soleBand(x, { history, forecast }, figure) {
  return (plot) => {
    if (forecast.days.length !== 1 || !forecast.high) return;
    const at = plot.valToPos(x[history.days.length], "x", true);
    const [high, low] = [forecast.high[0], forecast.low[0]].map((value) => plot.valToPos(value, "y", true));
    const half = 7 * devicePixelRatio;
    plot.ctx.save();
    plot.ctx.fillStyle = faded(colourOf(figure, "band"), 0.25);
    plot.ctx.fillRect(at - half, high, 2 * half, low - high);
    plot.ctx.restore();
  };
}

function tooltipFor(payload, words) {
  const box = document.createElement("div");
  box.className = "chart-tooltip";
  box.hidden = true;
  const follow = (plot) => {
    const { idx, left, top } = plot.cursor;
    box.hidden = idx == null || left < 0;
    if (box.hidden) return;
    const lines = valuesAt(payload, idx).map(([key, values]) => `${payload.labels[key]}: ${words.quantity(values)}`);
    box.replaceChildren(
      ...[words.date(plot.data[0][idx]), ...lines].map((text) => {
        const line = document.createElement("div");
        line.textContent = text;
        return line;
      }),
    );
    const room = plot.over.clientWidth;
    box.style.left = `${leftOf(left, box.offsetWidth, room)}px`;
    box.style.top = `${Math.max(top - box.offsetHeight - 12, 0)}px`;
  };
  return { box, follow };
}

function seriesOf(figure, payload, paths) {
  const [history, mean, plan] = ["history", "mean", "plan"].map((key) => colourOf(figure, key));
  const stems = isSparse(payload.history.demand);
  const edge = { stroke: "transparent", points: { show: false } };
  return [
    {},
    {
      stroke: history,
      width: stems ? 0 : 1.5,
      fill: stems ? history : undefined,
      paths: stems ? paths.bars({ size: [0.5, 6, 2] }) : undefined,
      points: { show: payload.history.days.length === 1 },
    },
    edge, // the band's high
    edge, // and low
    { stroke: mean, width: 2, points: { show: payload.forecast.days.length === 1 } },
    { stroke: plan, width: 0, paths: () => null, points: { show: true, size: payload.forecast.days.length > 14 ? 3 : 6, fill: plan } },
  ];
}

function optionsFor(figure, payload, columns, words, tooltip) {
  const text = getComputedStyle(figure).color;
  const grid = { stroke: faded(text, 0.12), width: 1 };
  const [low, high] = recentSpan(columns.x, payload.history.days.length, payload.recent);
  const axis = { stroke: text, grid, ticks: { ...grid, size: 4 }, font: "12px system-ui, sans-serif" };
  return {
    width: Math.max(figure.clientWidth, 200),
    height: tallFor(figure.clientWidth),
    padding: [null, HALF_A_DATE, null, null],
    tzDate: (seconds) => window.uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    legend: { show: false },
    cursor: { drag: { x: true, y: false }, y: false, points: { size: 7 } },
    scales: {
      x: { time: true, min: low, max: high },
      y: { range: (_plot, _lowest, highest) => heightOf(highest, levelOf(figure)?.value) },
    },
    axes: [
      { ...axis, space: 90, values: (_plot, splits) => splits.map((at) => words.date(at)) },
      { ...axis, size: 56, values: (_plot, splits) => splits.map((value) => words.short(value)) },
    ],
    series: seriesOf(figure, payload, window.uPlot.paths),
    bands: payload.forecast.high ? [{ series: [2, 3], fill: faded(colourOf(figure, "band"), 0.25) }] : [],
    hooks: {
      drawClear: [markedDays(payload.marks, figure)],
      draw: [cutoffMark(columns.x, payload.history.days.length, figure), soleBand(columns.x, payload, figure), levelMark(figure)],
      setCursor: [tooltip.follow],
    },
  };
}

/** Draws one figure; returns the way to draw it again, in other colours. */
function draw(figure) {
  const payload = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
  const words = wordsFor(payload.language, payload.frequency);
  const columns = columnsOf(payload);
  const data = [columns.x, columns.demand, columns.high, columns.low, columns.mean, columns.plan];
  const place = figure.querySelector("[data-plot]");
  figure.hidden = false;
  let plot = null;
  const redraw = () => {
    plot?.destroy();
    const tooltip = tooltipFor(payload, words);
    plot = new window.uPlot(optionsFor(figure, payload, columns, words, tooltip), data, place);
    plot.over.append(tooltip.box);
    plot.over.addEventListener("click", () => {
      const index = plot.cursor.idx;
      if (index == null || index >= payload.history.days.length) return;
      figure.dispatchEvent(new CustomEvent("chart:pick", { bubbles: true, detail: { index } }));
    });
  };
  figure.addEventListener("chart:show", ({ detail }) => {
    const at = columns.x[detail.index];
    if (at < plot.scales.x.min || at > plot.scales.x.max) plot.setScale("x", { min: show.all[0], max: show.all[1] });
    const left = plot.valToPos(at, "x");
    plot.setCursor({ left, top: plot.valToPos(payload.history.demand[detail.index], "y") });
  });
  redraw();
  const level = figure.dataset.level && document.querySelector(figure.dataset.level);
  if (level) new MutationObserver(redraw).observe(level, { childList: true });
  new ResizeObserver(() => {
    const width = place.clientWidth;
    if (width > 0 && width !== plot.width) plot.setSize({ width, height: tallFor(width) });
  }).observe(place);
  const show = { recent: recentSpan(columns.x, payload.history.days.length, payload.recent) };
  show.all = recentSpan(columns.x, payload.history.days.length, columns.x.length);
  for (const button of figure.querySelectorAll("[data-span]")) {
    button.addEventListener("click", () => {
      const [min, max] = show[button.dataset.span];
      plot.setScale("x", { min, max });
      for (const other of figure.querySelectorAll("[data-span]")) {
        other.setAttribute("aria-pressed", String(other === button));
      }
    });
  }
  return redraw;
}

const drawn = new Map(); // figure -> the way to draw it again

function drawAll() {
  if (!window.uPlot) return; // the tables stand alone
  for (const figure of drawn.keys()) if (!figure.isConnected) drawn.delete(figure);
  for (const figure of document.querySelectorAll("figure[data-chart]")) {
    if (!drawn.has(figure)) drawn.set(figure, draw(figure));
  }
}

if (typeof document !== "undefined") {
  drawAll();
  document.addEventListener("htmx:load", drawAll);
  const inNewColours = () => drawn.forEach((redraw) => redraw());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", inNewColours);
  new MutationObserver(inNewColours).observe(document.documentElement, { attributeFilter: ["data-theme"] });
}
