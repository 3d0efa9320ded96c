// A stream heals by itself, says so once, and rests while nobody looks.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Stream } from "../../../../src/batchcast/web/static/js/stream.js";

class Source extends EventTarget {
  constructor(url) {
    super();
    this.url = url;
    this.closed = false;
  }
  close() {
    this.closed = true;
  }
  say(name, data) {
    this.dispatchEvent(Object.assign(new Event(name), { data }));
  }
}

function opened() {
  const sources = [];
  const told = [];
  const waits = [];
  const note = (name) => (data) => told.push(data === undefined ? name : `${name} ${data}`);
  const stream = new Stream(
    () => `/live?${sources.length}`,
    { onFragment: note("fragment"), onOver: note("over"), onLost: note("lost"), onBack: note("back") },
    {
      open: (url) => {
        sources.push(new Source(url));
        return sources.at(-1);
      },
      timer: (act, wait) => waits.push({ act, wait }) - 1,
      stop: () => {},
    },
  );
  stream.resume();
  return { stream, sources, told, waits };
}

test("fragments are handed on", () => {
  const { sources, told } = opened();

  sources[0].say("open");
  sources[0].say("fragment", "<p>");

  assert.deepEqual(told, ["fragment <p>"]);
});

test("a lost connection is said once, tried ever less often, and its return is said", () => {
  const { sources, told, waits } = opened();

  for (let k = 0; k < 6; k += 1) {
    sources.at(-1).say("error");
    waits.at(-1).act();
  }
  sources.at(-1).say("open");

  assert.deepEqual(told, ["lost", "back"]);
  assert.deepEqual(waits.map(({ wait }) => wait), [1000, 2000, 4000, 8000, 15000, 15000]);
  assert.equal(sources.length, 7);
  assert.ok(sources.slice(0, -1).every((source) => source.closed));
});

test("after a return the first try comes soon again", () => {
  const { sources, waits } = opened();
  sources.at(-1).say("error");
  waits.at(-1).act();
  sources.at(-1).say("open");

  sources.at(-1).say("error");

  assert.equal(waits.at(-1).wait, 1000);
});

test("a stream that rests is closed, and opened at another address when it goes on", () => {
  const { stream, sources } = opened();

  stream.pause();
  stream.pause();
  stream.resume();
  stream.resume();

  assert.deepEqual(sources.map(({ url, closed }) => [url, closed]), [["/live?0", true], ["/live?1", false]]);
});

test("other rows are asked for by opening anew, though not while it rests", () => {
  const { stream, sources } = opened();

  stream.restart();
  stream.pause();
  stream.restart();

  assert.equal(sources.length, 2);
});

test("a stream that is over stays so", () => {
  const { stream, sources, told } = opened();

  sources[0].say("over");
  stream.resume();

  assert.deepEqual(told, ["over"]);
  assert.equal(sources.length, 1);
});
