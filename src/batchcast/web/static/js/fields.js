// Marks the fields whose settings are wrong, as the answer to a change names them: the form itself is not sent again.

const SELECTOR = "[data-problem-of]";

function mark(field, problem) {
  const help = document.getElementById(field.getAttribute("aria-describedby"));
  help?.querySelector(".field-problem")?.remove();
  if (!problem) return field.removeAttribute("aria-invalid");
  field.setAttribute("aria-invalid", "true");
  const said = Object.assign(document.createElement("span"), { className: "field-problem", textContent: `${problem} ` });
  help?.prepend(said);
  const group = field.closest("details");
  if (group) group.open = true;
}

document.body.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target.id !== "checked") return;
  const problems = new Map();
  for (const one of document.querySelectorAll(SELECTOR)) problems.set(one.dataset.problemOf, one.textContent.trim());
  for (const field of document.querySelectorAll("#forecast [id^='set-']")) mark(field, problems.get(field.name));
});
