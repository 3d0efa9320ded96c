// Lets a slider move a number: both show one service level, and whoever listens to the number hears of either.

/** Ties a slider to a number; the number is what a form sends. */
export function tie(slider, number) {
  slider.value = number.value;
  slider.addEventListener("input", () => {
    number.value = slider.value;
    number.dispatchEvent(new Event("input", { bubbles: true }));
  });
  number.addEventListener("input", () => {
    if (number.value !== "") slider.value = number.value;
  });
}

if (typeof document !== "undefined") {
  for (const form of document.querySelectorAll("form[data-level]")) {
    const slider = form.querySelector("input[type=range]");
    tie(slider, form.querySelector("input[type=number]"));
    slider.closest("[hidden]").hidden = false;
  }
}
