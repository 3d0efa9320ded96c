import assert from "node:assert/strict";
import test from "node:test";

import { tie } from "../../../../src/batchcast/web/static/js/level.js";

function field(value) {
  return Object.assign(new EventTarget(), { value });
}

function changed(one, value) {
  one.value = value;
  one.dispatchEvent(new Event("input"));
}

test("a slider begins where the number stands", () => {
  const slider = field("50");

  tie(slider, field("95"));

  assert.equal(slider.value, "95");
});

test("a slider that moves takes the number with it, and tells who listens to the number", () => {
  const [slider, number, heard] = [field("50"), field("95"), []];
  tie(slider, number);
  number.addEventListener("input", () => heard.push(number.value));

  changed(slider, "97.5");

  assert.deepEqual(heard, ["97.5"]);
  assert.equal(slider.value, "97.5");
});

test("a number that is typed takes the slider with it, but not while it is empty", () => {
  const [slider, number] = [field("50"), field("95")];
  tie(slider, number);

  changed(number, "");
  assert.equal(slider.value, "95");

  changed(number, "80");
  assert.equal(slider.value, "80");
});
