// Writes moments in the reader's own time zone; a page gives them in UTC.

const FORM = { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" };

export function localTime(stamp, language, timeZone) {
  return new Intl.DateTimeFormat(language === "id" ? "id-ID" : "en-GB", { ...FORM, timeZone }).format(new Date(stamp));
}

/** Writes the moments under a node that are still in UTC, also in a fragment that is not yet on the page. */
export function writeTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]:not([data-local])")) {
    time.textContent = localTime(time.dateTime, document.documentElement.lang);
    time.dataset.local = "";
  }
}

if (typeof document !== "undefined") {
  writeTimes(document);
  new MutationObserver(() => writeTimes(document)).observe(document.body, { childList: true, subtree: true });
}
