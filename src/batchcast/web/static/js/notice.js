// The note at the top of a page: it goes when something else is asked for, and says so where nothing answered.

/** Whether a chosen file can still be read: a browser won't send one that was changed or moved after it was chosen. */
export async function isReadable(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

/** Take back the files of a form that can't be read any more, so that they can be chosen again; whether there were any. */
async function takeBack(form) {
  let found = false;
  for (const input of form?.querySelectorAll("input[type=file]") ?? []) {
    for (const file of input.files) {
      if (!(await isReadable(file))) {
        input.value = "";
        found = true;
      }
    }
  }
  return found;
}

function tell(notice, name) {
  notice.replaceChildren(document.getElementById(name).content.cloneNode(true));
  notice.scrollIntoView();
}

if (typeof document !== "undefined") {
  const notice = document.getElementById("notice");
  const isAsked = (event) => !event.detail.elt.matches("[hx-trigger*=every]"); // and not asked again and again
  document.body.addEventListener("htmx:beforeRequest", (event) => isAsked(event) && notice.replaceChildren());
  document.body.addEventListener("htmx:sendError", async (event) => {
    if (!isAsked(event)) return;
    tell(notice, (await takeBack(event.detail.elt.form)) ? "file-changed" : "no-answer");
  });
}
