// Removes the orders from the page when another file is chosen or other stock is sent.

const orders = document.getElementById("orders");
const forget = () => orders.replaceChildren();

document.getElementById("file").addEventListener("change", forget);
document.body.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.target === orders && event.detail.requestConfig.verb === "post") forget();
});
