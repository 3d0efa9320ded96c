import assert from "node:assert/strict";
import test from "node:test";

import { isReadable } from "../../../../src/batchcast/web/static/js/notice.js";

test("a file that is as it was chosen can be read", async () => {
  assert.equal(await isReadable(new Blob(["part,stok"])), true);
});

test("a file that was changed since can't be read any more", async () => {
  const refused = { arrayBuffer: () => Promise.reject(new Error("NotReadableError")) };

  assert.equal(await isReadable({ slice: () => refused }), false);
});
