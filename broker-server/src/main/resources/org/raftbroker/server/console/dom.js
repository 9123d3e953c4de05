// Building the page. Text only ever becomes text: nothing here reads HTML out of a string.

/** Makes an element: el("p", {class: "hint", onclick: f}, "text", child). Null children are left out. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** Sets a text only if it is another one: a selection in it stays. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Shows or hides. */
export function show(element, shown) {
  element.hidden = !shown;
}

/**
 * A table whose rows stay the same elements while their values change, so that focus, selection and hover survive each update.
 * A column: {name, cell, number}; cell(row) gives a text, or {text, kind, href, title, key}, or a list of these.
 */
export class LiveTable {
  constructor(caption, columns, key, empty) {
    this.columns = columns;
    this.key = key;
    this.rows = new Map();
    this.body = el("tbody", {role: "rowgroup"});
    const head = columns.map((column) =>
      el("th", {scope: "col", role: "columnheader", class: column.number ? "number" : null}, column.name));
    // The roles are those of the elements; a narrow screen shows them as blocks, which would take them away.
    this.table = el("table", {role: "table"},
      el("caption", {class: "unseen"}, caption),
      el("thead", {role: "rowgroup"}, el("tr", {role: "row"}, head)),
      this.body);
    this.empty = el("p", {class: "empty", hidden: true}, empty);
    this.element = el("div", {class: "table"}, this.table, this.empty);
  }

  update(rows) {
    const left = new Set(this.rows.keys());
    let place = this.body.firstElementChild;
    for (const row of rows) {
      const key = String(this.key(row));
      left.delete(key);
      let shown = this.rows.get(key);
      if (!shown) {
        shown = el("tr", {role: "row", "data-key": key},
          this.columns.map((column) => el("td", {role: "cell", "data-label": column.name, class: column.number ? "number" : null})));
        this.rows.set(key, shown);
      }
      this.columns.forEach((column, i) => fill(shown.children[i], column.cell(row)));
      if (shown === place) place = place.nextElementSibling;
      else this.body.insertBefore(shown, place);
    }
    for (const key of left) {
      this.rows.get(key).remove();
      this.rows.delete(key);
    }
    show(this.table, rows.length > 0);
    show(this.empty, rows.length === 0);
  }
}

function fill(cell, content) {
  const signature = JSON.stringify(content);
  if (cell.signature === signature) return;
  cell.signature = signature;
  const parts = Array.isArray(content) ? content : [content];
  cell.replaceChildren(...parts.map(part));
}

function part(content) {
  if (typeof content === "string") return el("span", {}, content);
  const attributes = {class: content.kind, title: content.title};
  return content.href ? el("a", {...attributes, href: content.href}, content.text) : el("span", attributes, content.text);
}
