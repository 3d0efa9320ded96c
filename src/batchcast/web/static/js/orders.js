// Orders are shown beside what they were made from: they go when another file is chosen, or other orders are asked for.

const orders = document.getElementById("orders");
const forget = () => orders.replaceChildren();

document.getElementById("file").addEventListener("change", forget);
document.body.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.target === orders) forget();
});
