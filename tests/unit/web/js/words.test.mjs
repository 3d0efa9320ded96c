// What scripts say: how fast a file goes, what a screen reader is told, moments in the reader's own time.

import assert from "node:assert/strict";
import { test } from "node:test";

import { announcement } from "../../../../src/batchcast/web/static/js/announce.js";
import { leftSeconds, Pace, writtenBytes } from "../../../../src/batchcast/web/static/js/pace.js";
import { localTime } from "../../../../src/batchcast/web/static/js/times.js";

test("the time left follows the pace of the last seconds", () => {
  const pace = new Pace(0);
  assert.equal(leftSeconds(pace, 1000), null);
  pace.note(1000, 100);
  assert.equal(leftSeconds(pace, 1000), 9);

  for (let second = 2; second <= 10; second += 1) pace.note(1000 * second, 100 * second);
  for (let second = 11; second <= 20; second += 1) pace.note(1000 * second, 1000 + 500 * (second - 10));

  assert.equal(Math.round(pace.bytesPerSecond), 500);
  assert.equal(leftSeconds(pace, 7000), 2);
});

test("a file that does not move has no time left that one could tell", () => {
  const pace = new Pace(0);
  pace.note(1000, 0);

  assert.equal(leftSeconds(pace, 1000), null);
});

test("bytes are written in the form of the language", () => {
  assert.equal(writtenBytes(812, "en"), "812 B");
  assert.equal(writtenBytes(1536, "en"), "1.5 KB");
  assert.equal(writtenBytes(1536, "id"), "1,5 KB");
  assert.equal(writtenBytes(50 * 1024 * 1024, "id"), "50 MB");
  assert.equal(writtenBytes(3 * 1024 ** 4, "en"), "3,072 GB");
});

test("progress is told at every tenth and every new state, and not what was there at first", () => {
  const told = [];
  let mark = null;
  for (const [state, percent] of [["PROCESSING", 3], ["PROCESSING", 9], ["PROCESSING", 12], ["PROCESSING", 19], ["COMPLETED", 100]]) {
    const found = announcement({ state, percent: String(percent), progress: `${percent}%` }, mark);
    mark = found.mark;
    if (found.text) told.push(found.text);
  }

  assert.deepEqual(told, ["12%", "100%"]);
});

test("moments are written in a time zone and a language", () => {
  assert.equal(localTime("2026-11-24T02:05:00+00:00", "en", "Asia/Makassar"), "24 Nov 2026, 10:05");
  assert.equal(localTime("2026-05-24T02:05:00+00:00", "id", "Asia/Jakarta"), "24 Mei 2026, 09.05");
});
