// The live page of a batch: changes come as fragments and are put in place; what a person does is not disturbed.

import { Stream } from "./stream.js";
import { morph } from "./morph.js";
import { announcement } from "./announce.js";
import { writeTimes } from "./times.js";

const page = document.querySelector("[data-live]");
const say = document.getElementById("announce");
let said = null;

function place(html) {
  const box = document.createElement("template");
  // A row of a table is no row outside of one, so the template stands for the table.
  box.innerHTML = html;
  writeTimes(box.content); // before it is compared with the page, where they are local already
  const fresh = box.content.firstElementChild;
  const stale = fresh && document.getElementById(fresh.id);
  if (!stale) return;
  morph(stale, fresh);
  if (fresh.id === "overview") tell(fresh.dataset);
}

function tell(data) {
  const isLive = data.state === "PENDING" || data.state === "PROCESSING";
  document.title = `${isLive ? `${data.percent}% · ` : ""}${data.title} · batchcast`;
  const { text, mark } = announcement(data, said);
  said = mark;
  if (text) say.textContent = text;
}

function end() {
  for (const element of document.querySelectorAll("[data-while]")) element.hidden = element.dataset.while !== "ended";
  document.getElementById("stop-dialog")?.close();
}

function rowsShown() {
  return [...document.querySelectorAll("[data-partition]")].map((row) => row.dataset.partition).join(",");
}

if (page) {
  const stream = new Stream(() => `${page.dataset.live}?rows=${rowsShown()}`, {
    onFragment: place,
    onOver: end,
    onLost: () => (document.getElementById("connection").hidden = false),
    onBack: () => (document.getElementById("connection").hidden = true),
  });
  document.addEventListener("visibilitychange", () => (document.hidden ? stream.pause() : stream.resume()));
  document.body.addEventListener("htmx:afterSwap", () => stream.restart()); // other rows are shown
  window.addEventListener("pagehide", () => stream.pause());
  window.addEventListener("pageshow", () => stream.resume());
  stream.resume();
}

for (const opener of document.querySelectorAll("[data-dialog]")) {
  const dialog = document.getElementById(opener.dataset.dialog);
  if (!dialog) continue;
  opener.addEventListener("click", (event) => {
    event.preventDefault();
    dialog.showModal();
  });
  dialog.addEventListener("htmx:afterRequest", () => dialog.close()); // what went wrong stands on the page under it
  dialog.querySelector("[data-close]").addEventListener("click", (event) => {
    event.preventDefault();
    dialog.close();
  });
}
