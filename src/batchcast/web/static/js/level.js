// Ties a slider to a number: both show one service level, and a change of either is a change of the number.

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
    const number = form.querySelector("input[type=number]");
    tie(slider, number);
    // What is out of its range is not sent, and shown to be so; the label tells the range.
    number.addEventListener("input", () => {
      if (number.validity.valid) number.removeAttribute("aria-invalid");
      else number.setAttribute("aria-invalid", "true");
    });
    slider.closest("[hidden]").hidden = false;
  }
}
