// Sends a chosen or dropped file, shows its progress, and goes to its page; without this script the form sends it.

import { leftSeconds, Pace, writtenBytes } from "./pace.js";

const area = document.querySelector("[data-upload]");
const form = document.getElementById("forecast");
const input = document.getElementById("file");
const part = (name) => area.querySelector(`[data-upload-${name}]`);
const say = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const language = document.documentElement.lang;

let request = null;

function send(file) {
  const body = new FormData(form); // with every setting as it stands
  body.set("file", file);
  const pace = new Pace(performance.now());
  request = new XMLHttpRequest();
  request.open("POST", (document.documentElement.dataset.root ?? "") + "/files");
  request.setRequestHeader("HX-Request", "true");
  request.setRequestHeader("X-CSRF-Token", form.elements.csrf.value);
  request.upload.addEventListener("progress", (event) => {
    if (!event.lengthComputable) return;
    pace.note(performance.now(), event.loaded);
    show(event.loaded, event.total, leftSeconds(pace, event.total));
  });
  request.addEventListener("load", finish);
  request.addEventListener("error", () => fail(area.dataset.lost));
  request.addEventListener("abort", reset);
  begin(file);
  request.send(body);
}

function begin(file) {
  document.getElementById("notice").replaceChildren();
  part("name").textContent = file.name;
  part("ask").hidden = true;
  part("progress").hidden = false;
  part("cancel").focus();
  show(0, file.size, null);
}

function show(done, total, left) {
  part("bar").value = total ? (100 * done) / total : 100;
  part("bytes").textContent = say(area.dataset.bytes, {
    done: writtenBytes(done, language),
    all: writtenBytes(total, language),
  });
  part("left").textContent = left === null || done >= total ? "" : say(area.dataset.left, { time: writtenTime(left) });
  if (done >= total) {
    part("left").textContent = area.dataset.checking;
    part("status").textContent = area.dataset.checking;
  }
}

function writtenTime(seconds) {
  const whole = Math.max(1, Math.round(seconds));
  if (whole < 60) return say(area.dataset.seconds, { seconds: whole });
  return say(area.dataset.minutes, { big: Math.floor(whole / 60), small: whole % 60 });
}

function finish() {
  const place = request.getResponseHeader("Location");
  if (request.status === 201 && place) {
    window.location.assign(place);
    return;
  }
  const notice = document.getElementById("notice");
  notice.innerHTML = request.responseText; // made by our server, every value in it escaped
  reset();
  notice.scrollIntoView();
}

function fail(sentence) {
  document.getElementById("notice").textContent = sentence;
  reset();
}

function reset() {
  request = null;
  input.value = "";
  part("ask").hidden = false;
  part("progress").hidden = true;
}

input.addEventListener("change", () => input.files.length && send(input.files[0]));
part("cancel").addEventListener("click", () => request && request.abort());
for (const kind of ["dragenter", "dragover"]) {
  area.addEventListener(kind, (event) => {
    event.preventDefault();
    area.classList.add("over");
  });
}
for (const kind of ["dragleave", "drop"]) area.addEventListener(kind, () => area.classList.remove("over"));
area.addEventListener("drop", (event) => {
  event.preventDefault();
  if (!request && event.dataTransfer.files.length) send(event.dataTransfer.files[0]);
});
window.addEventListener("pageshow", () => part("progress").hidden || request || reset());
