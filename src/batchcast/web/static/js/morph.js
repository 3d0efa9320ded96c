// Makes one element like another with as little change as can be: focus, scroll and open details stay as they are.

const KEPT = new Map([["DETAILS", new Set(["open"])]]); // attributes that a person sets by using the page

export function morph(stale, fresh) {
  if (stale.nodeType !== fresh.nodeType || stale.nodeName !== fresh.nodeName) {
    stale.replaceWith(fresh);
    return;
  }
  if (stale.nodeType !== 1) {
    if (stale.nodeValue !== fresh.nodeValue) stale.nodeValue = fresh.nodeValue;
    return;
  }
  copyAttributes(stale, fresh);
  const old = [...stale.childNodes];
  const wanted = [...fresh.childNodes];
  wanted.forEach((node, place) => (place < old.length ? morph(old[place], node) : stale.append(node)));
  old.slice(wanted.length).forEach((node) => node.remove());
}

function copyAttributes(stale, fresh) {
  const kept = KEPT.get(stale.nodeName);
  for (const { name, value } of [...fresh.attributes]) {
    if (!kept?.has(name) && stale.getAttribute(name) !== value) stale.setAttribute(name, value);
  }
  for (const { name } of [...stale.attributes]) {
    if (!kept?.has(name) && !fresh.hasAttribute(name)) stale.removeAttribute(name);
  }
}
