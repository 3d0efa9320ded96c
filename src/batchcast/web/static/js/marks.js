// Fills in the form that marks days of a part: by a click on a period of its chart, or with the slider of periods.

import { wordsFor } from "./chart.js";

const DAY = 86400_000; // milliseconds
const isoOf = (day) => new Date(day * DAY).toISOString().slice(0, 10);

/** The first and the last day of a step of the history, counted from 1970-01-01. */
export function daysOf({ history, forecast }, index) {
  const first = history.days[index];
  const next = history.days[index + 1] ?? forecast.days[0];
  const length = index > 0 ? first - history.days[index - 1] : 1;
  return [first, (next ?? first + length) - 1];
}

function fill(form, payload, index) {
  const [first, last] = daysOf(payload, index);
  form.elements.first.value = isoOf(first);
  form.elements.last.value = isoOf(last);
  const period = form.querySelector("[data-period]");
  period.value = String(index);
  const words = wordsFor(payload.language, payload.frequency);
  period.setAttribute("aria-valuetext", `${words.date(first * 86400)}: ${words.quantity([payload.history.demand[index]])}`);
}

function payloadOf(section) {
  const script = section.querySelector('figure[data-chart] script[type="application/json"]');
  return script && JSON.parse(script.textContent);
}

function show() {
  for (const label of document.querySelectorAll(".mark-days .period")) label.hidden = false;
}

if (typeof document !== "undefined") {
  show();
  document.addEventListener("htmx:load", show);
  document.addEventListener("chart:pick", ({ target, detail }) => {
    const section = target.closest("section");
    const form = section?.querySelector(".mark-days form");
    if (!form) return;
    form.closest("details").open = true;
    fill(form, payloadOf(section), detail.index);
  });
  document.addEventListener("input", ({ target }) => {
    if (!target.matches?.("[data-period]")) return;
    const section = target.closest("section");
    fill(target.form, payloadOf(section), Number(target.value));
    section.querySelector("figure[data-chart]").dispatchEvent(new CustomEvent("chart:show", { detail: { index: Number(target.value) } }));
  });
}
