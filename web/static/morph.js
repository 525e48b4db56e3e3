// Makes the children of an element like those of another with as few changes as possible, so that the focus, open details
// and running movements stay.
export function morph(target, source) {
  // What a script wrote for the reader stays.
  if (target.nodeType === Node.ELEMENT_NODE && target.hasAttribute("data-readout")) return;
  const wanted = [...source.childNodes];
  let current = target.firstChild;
  for (const node of wanted) {
    if (current && isSame(current, node)) {
      if (current.nodeType === Node.ELEMENT_NODE) {
        morphAttributes(current, node);
        morph(current, node);
      } else if (current.nodeValue !== node.nodeValue) {
        current.nodeValue = node.nodeValue;
      }
      current = current.nextSibling;
    } else {
      target.insertBefore(document.importNode(node, true), current);
    }
  }
  while (current) {
    const next = current.nextSibling;
    current.remove();
    current = next;
  }
}

function isSame(left, right) {
  if (left.nodeType !== right.nodeType || left.nodeName !== right.nodeName) return false;
  if (left.nodeType !== Node.ELEMENT_NODE) return true;
  return left.id === right.id && left.getAttribute("data-key") === right.getAttribute("data-key");
}

function morphAttributes(target, source) {
  for (const { name, value } of source.attributes) {
    if (target.getAttribute(name) !== value) target.setAttribute(name, value);
  }
  for (const { name } of [...target.attributes]) {
    if (source.hasAttribute(name)) continue;
    if (name === "open" && target.nodeName === "DETAILS") continue;
    target.removeAttribute(name);
  }
}
