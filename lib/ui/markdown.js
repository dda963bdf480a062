// What st.html cannot do for the texts of models: show formulas, and copy code.

const MATHML = "http://www.w3.org/1998/Math/MathML";
// What the server sends of MathML Core (lib/markdown/mathml.py); anything else is dropped.
const ELEMENTS = new Set(
  ("math menclose mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow " +
    "mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover none").split(" "),
);
const ATTRIBUTES = new Set(
  ("accent accentunder columnalign columnspan depth display displaystyle fence form height largeop " +
    "linethickness lspace mathvariant maxsize minsize movablelimits notation rowspan rspace " +
    "scriptlevel separator stretchy symmetric voffset width").split(" "),
);
const STYLES =
  /^(color|background-color|width|text-align|justify-items|font-(family|style|weight)|(padding|margin|border)-(top|right|bottom|left)(-(width|style|color))?)$/;

const watching = new WeakMap(); // by mount: an earlier one may end after the next has begun
let font = null;

export default function ({ data, parentElement }) {
  watching.get(parentElement)?.abort();
  const controller = new AbortController();
  watching.set(parentElement, controller);
  const { signal } = controller;
  // The browser loads it when the first formula is shown.
  if (!font) {
    font = new FontFace("STIX Two Math", `url("${encodeURI(data.font_url)}")`);
    document.fonts.add(font);
  }
  // Called before the next frame, so the source of a formula is not seen first.
  const observer = new MutationObserver((records) => {
    for (const { addedNodes } of records) addedNodes.forEach(showFormulas);
  });
  observer.observe(document.body, { childList: true, subtree: true });
  signal.addEventListener("abort", () => observer.disconnect());
  showFormulas(document.body);
  document.addEventListener("click", copyCode, { signal });
  document.addEventListener("copy", copySelection, { signal });

  return () => controller.abort();
}

function showFormulas(node) {
  if (!(node instanceof Element)) return;
  for (const formula of node.querySelectorAll(".formula:not(.shown)")) {
    const source = new DOMParser().parseFromString(formula.dataset.mathml, "text/html");
    const math = source.querySelector("math");
    if (!math) continue;
    formula.querySelector(".tex").ariaHidden = "true";
    formula.append(allowed(math));
    formula.classList.add("shown");
  }
}

function allowed(node) {
  if (node.nodeType === Node.TEXT_NODE) return document.createTextNode(node.data);
  if (!ELEMENTS.has(node.localName)) return "";
  const copied = document.createElementNS(MATHML, node.localName);
  for (const { name, value } of node.attributes) {
    if (ATTRIBUTES.has(name)) copied.setAttribute(name, value);
  }
  for (const name of node.style) {
    if (STYLES.test(name)) copied.style.setProperty(name, node.style.getPropertyValue(name));
  }
  copied.append(...Array.from(node.childNodes, allowed));
  return copied;
}

function copyCode({ target }) {
  const button = target instanceof Element && target.closest(".code > button.copy");
  if (button) copyTo(button, button.parentElement.querySelector("pre").textContent);
}

// A selection with formulas is copied with their sources. The browser would end a line at each.
function copySelection(event) {
  const selection = getSelection();
  const copied = document.createElement("div");
  for (let i = 0; i < selection.rangeCount; i++) {
    copied.append(selection.getRangeAt(i).cloneContents());
  }
  const formulas = copied.querySelectorAll(".formula > math");
  if (!formulas.length) return;
  formulas.forEach((math) => math.remove());
  document.body.append(copied); // line ends are those of the layout
  event.clipboardData.setData("text/plain", copied.innerText);
  event.clipboardData.setData("text/html", copied.innerHTML);
  event.preventDefault();
  copied.remove();
}
