/**
 * Elements as plain descriptions, and a function that makes a part of the page look like them. What is already there is
 * changed, not replaced: focus, scroll positions, open details and half-typed text survive every update. Text is always
 * set as text, so nothing that comes from the emulator is ever read as HTML.
 *
 * @typedef {{tag: string, props: Record<string, any>, children: (Description | string)[]}} Description
 * @typedef {Description | string | number | false | null | undefined | Child[]} Child
 */

const DESCRIPTION = Symbol("description");

/**
 * Describe an element. `on…` props are listeners, `value` and `checked` are set when they change, `style` is an object,
 * `key` tells siblings apart. True is an attribute without a value; false, null and undefined leave an attribute out.
 *
 * @param {string} tag
 * @param {Record<string, any> | null} [props]
 * @param {...Child} children
 * @returns {Description}
 */
export function h(tag, props, ...children) {
  return { tag, props: props ?? {}, children: flat(children) };
}

/**
 * Make the children of an element look like what is described.
 *
 * @param {Element} parent
 * @param {...Child} children
 */
export function render(parent, ...children) {
  patchChildren(parent, flat(children));
}

/**
 * Make an element that no later update changes.
 *
 * @param {Description} description
 * @returns {HTMLElement}
 */
export function element(description) {
  const node = document.createElement(description.tag);
  patch(node, description, {});
  return node;
}

function flat(children) {
  return children
    .flat(Infinity)
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (typeof child === "object" ? child : String(child)));
}

function patchChildren(parent, children) {
  const wanted = new Set(children.map((child) => child.props?.key));
  const byKey = new Map();
  for (const node of parent.childNodes) {
    const key = keyOf(node);
    if (key !== undefined) byKey.set(key, node);
  }
  let next = parent.firstChild;
  for (const child of children) {
    while (next && keyOf(next) !== undefined && !wanted.has(keyOf(next))) next = remove(next);
    const key = child.props?.key;
    const there = key === undefined ? next : byKey.get(key);
    const node = there && isLike(there, child) ? there : null;
    if (node === null) {
      parent.insertBefore(typeof child === "string" ? document.createTextNode(child) : element(child), next);
      continue;
    }
    if (typeof child === "string") {
      if (node.data !== child) node.data = child;
    } else {
      patch(node, child, node[DESCRIPTION].props);
    }
    if (node === next) next = next.nextSibling;
    else parent.insertBefore(node, next);
  }
  while (next) next = remove(next);
}

function remove(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}

function keyOf(node) {
  return node[DESCRIPTION]?.props.key;
}

function isLike(node, child) {
  if (typeof child === "string") return node.nodeType === Node.TEXT_NODE;
  const before = node[DESCRIPTION];
  return before?.tag === child.tag && before.props.key === child.props.key;
}

function patch(node, description, before) {
  node[DESCRIPTION] = description;
  const { props } = description;
  for (const name of new Set([...Object.keys(before), ...Object.keys(props)])) {
    if (name === "key" || before[name] === props[name]) continue;
    if (name.startsWith("on")) {
      node.addEventListener(name.slice(2), listen);
    } else if (name === "style") {
      for (const [property, value] of Object.entries(props.style)) node.style.setProperty(property, value);
    } else if (name === "value") {
      if (node !== document.activeElement) node.value = props.value ?? "";
    } else if (name === "checked") {
      node.checked = Boolean(props.checked);
    } else if (props[name] === true) {
      node.setAttribute(name, "");
    } else if (props[name] === false || props[name] === null || props[name] === undefined) {
      node.removeAttribute(name);
    } else {
      node.setAttribute(name, props[name]);
    }
  }
  patchChildren(node, description.children);
  if (node.tagName === "SELECT" && before.value !== props.value) node.value = props.value;
}

/** The one listener of an element for a type: it asks what the latest description has for it. */
function listen(event) {
  event.currentTarget[DESCRIPTION].props[`on${event.type}`]?.(event);
}
