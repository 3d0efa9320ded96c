import assert from "node:assert/strict";
import test from "node:test";

import {
  columnsOf,
  heightOf,
  isSparse,
  leftOf,
  recentSpan,
  tallFor,
  valuesAt,
  wordsFor,
} from "../../../../src/batchcast/web/static/js/chart.js";

const DAY = 86400;

function payload(demand, forecast = {}) {
  return {
    history: { days: demand.map((_, day) => day), demand },
    forecast: { days: [demand.length, demand.length + 1], mean: [1.5, 2.5], ...forecast },
  };
}

test("a history of mostly zeros is sparse, one of mostly demand is not, an empty one is not", () => {
  assert.equal(isSparse([0, 0, 3, 0]), true);
  assert.equal(isSparse([1, 0, 3, 2]), false);
  assert.equal(isSparse([]), false);
});

test("history and forecast share one x in seconds, each without values in the other's time", () => {
  const columns = columnsOf(payload([4, 5], { plan: [1, 3], low: [0, 1], high: [3, 4] }));

  assert.deepEqual(columns.x, [0, DAY, 2 * DAY, 3 * DAY]);
  assert.deepEqual(columns.demand, [4, 5, null, null]);
  assert.deepEqual(columns.mean, [null, null, 1.5, 2.5]);
  assert.deepEqual(columns.plan, [null, null, 1, 3]);
  assert.deepEqual(columns.low, [null, null, 0, 1]);
  assert.deepEqual(columns.high, [null, null, 3, 4]);
});

test("zeros of a sparse history get no stem, those of a dense one stay on its line", () => {
  assert.deepEqual(columnsOf(payload([0, 0, 7])).demand, [null, null, 7, null, null]);
  assert.deepEqual(columnsOf(payload([5, 0, 7])).demand, [5, 0, 7, null, null]);
});

test("a forecast without a band or a plan has empty columns of the same length", () => {
  const columns = columnsOf(payload([4]));

  assert.deepEqual(columns.low, [null, null, null]);
  assert.deepEqual(columns.plan, [null, null, null]);
});

test("the recent span holds the last periods of the history and the whole forecast", () => {
  const x = [0, 1, 2, 3, 4, 5].map((day) => day * DAY);

  assert.deepEqual(recentSpan(x, 4, 2), [1.5 * DAY, 5.5 * DAY]);
  assert.deepEqual(recentSpan(x, 4, 99), [-0.5 * DAY, 5.5 * DAY]);
});

test("a span of one point, or of none, is still a span", () => {
  assert.deepEqual(recentSpan([DAY], 1, 5), [0, 2 * DAY]);
  assert.deepEqual(recentSpan([], 0, 5), [0, DAY]);
});

test("the height begins at zero and leaves room above; a chart of zeros has a height", () => {
  assert.deepEqual(heightOf(100), [0, 108]);
  assert.deepEqual(heightOf(0), [0, 1]);
  assert.deepEqual(heightOf(null), [0, 1]);
});

test("a level is in sight unless the values would lie flat under it", () => {
  assert.deepEqual(heightOf(100, 250), [0, 270]);
  assert.deepEqual(heightOf(100, 40), [0, 108]);
  assert.deepEqual(heightOf(100, 301), [0, 108]);
  assert.deepEqual(heightOf(0, 50), [0, 54]);
});

test("a chart grows with a wide screen", () => {
  assert.deepEqual([340, 1100, 1700, 4000].map(tallFor), [300, 300, 374, 440]);
});

test("a tooltip tells the demand of the past, zeros too, and all that is forecast of the future", () => {
  const chart = payload([0, 0, 7], { plan: [1, 3], low: [0, 1], high: [3, 4] });

  assert.deepEqual(valuesAt(chart, 0), [["history", [0]]]);
  assert.deepEqual(valuesAt(chart, 4), [
    ["mean", [2.5]],
    ["plan", [3]],
    ["band", [1, 4]],
  ]);
  assert.deepEqual(valuesAt(payload([1]), 1), [["mean", [1.5]]]);
});

test("a tooltip stands right of the cursor, left of it where there is no room, and never outside", () => {
  assert.equal(leftOf(100, 80, 400), 112);
  assert.equal(leftOf(390, 80, 400), 298);
  assert.equal(leftOf(20, 80, 60), 0);
});

test("dates and quantities are in the reader's language, in UTC", () => {
  const english = wordsFor("en", "D");
  const indonesian = wordsFor("id", "D");

  assert.equal(english.quantity([1234.5]), "1,234.5");
  assert.equal(indonesian.quantity([0, 1234.5]), "0 – 1.234,5");
  assert.equal(english.date(0), "1 Jan 1970");
  assert.equal(indonesian.date(0), "1 Jan 1970");
  assert.equal(wordsFor("en", "M").date(31 * DAY), "Feb 1970");
});
