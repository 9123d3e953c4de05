// All subjects by name, a page at a time.

import {get} from "./api.js";
import {el, LiveTable, setText, show} from "./dom.js";
import {bytes, count, moment} from "./format.js";

const PAGE_SIZE = 50;
const TYPING_MILLIS = 200;
const REFRESH_MILLIS = 5000;
// A page of the contract may be empty although more are to come.
const EMPTY_PAGES = 20;

export function addressOf(subject) {
  return `#/subject/${encodeURIComponent(subject)}`;
}

export class Subjects {
  constructor(parameters) {
    this.tokens = [""]; // of the pages up to this one
    this.nextToken = "";
    this.asked = 0;
    this.search = el("input", {
      id: "search", type: "search", autocomplete: "off", spellcheck: "false", placeholder: "orders.", value: parameters.get("prefix") ?? "",
      oninput: () => this.typed(),
    });
    this.table = new LiveTable("Subjects", [
      {name: "Subject", cell: (row) => ({text: row.subject, href: addressOf(row.subject), kind: "name"})},
      {name: "Messages", number: true, cell: (row) => count(row.messages)},
      {name: "First id", number: true, cell: (row) => count(row.firstId)},
      {name: "Head", number: true, cell: (row) => count(row.lastId)},
      {name: "In stores", number: true, cell: (row) => bytes(row.storedBytes)},
      {name: "Archived to", number: true, cell: (row) => (row.archivedId === "0" ? "–" : count(row.archivedId))},
      {name: "Shard", number: true, cell: (row) => String(row.shard)},
      {name: "Created", cell: (row) => moment(row.createdAtMillis)},
    ], (row) => row.subject, "No subject has such a name. Whoever publishes on a name creates it.");
    this.problem = el("p", {class: "problem", role: "alert", hidden: true});
    this.where = el("span", {class: "hint", role: "status"});
    this.back = el("button", {type: "button", onclick: () => this.turn(-1)}, "← Back");
    this.next = el("button", {type: "button", onclick: () => this.turn(1)}, "Next →");
    this.element = el("div", {},
      el("div", {class: "heading"},
        el("h1", {}, "Subjects"),
        el("form", {class: "search", role: "search", onsubmit: (event) => this.open(event)},
          el("label", {for: "search"}, "Begin with"), this.search)),
      el("section", {class: "card", "aria-label": "Subjects"}, this.problem, this.table.element,
        el("nav", {class: "paging", "aria-label": "Pages of subjects"}, this.back, this.where, this.next)));
    this.load();
  }

  typed() {
    clearTimeout(this.typing);
    this.typing = setTimeout(() => {
      this.tokens = [""];
      const prefix = this.search.value;
      history.replaceState(null, "", prefix ? `#/subjects?prefix=${encodeURIComponent(prefix)}` : "#/subjects");
      this.load();
    }, TYPING_MILLIS);
  }

  /** Enter goes to the subject of that name; it need not be there yet. */
  open(event) {
    event.preventDefault();
    if (this.search.value) location.hash = addressOf(this.search.value);
  }

  turn(direction) {
    if (direction > 0 && this.nextToken) this.tokens.push(this.nextToken);
    else if (direction < 0 && this.tokens.length > 1) this.tokens.pop();
    else return;
    this.load();
  }

  async load() {
    const asked = ++this.asked;
    try {
      const answer = await this.page(this.tokens.at(-1));
      if (asked !== this.asked) return; // something else was asked for since
      this.nextToken = answer.nextPageToken;
      this.table.update(answer.subjects);
      const first = (this.tokens.length - 1) * PAGE_SIZE + 1;
      setText(this.where, answer.subjects.length ? `page ${this.tokens.length}: ${first} to ${first + answer.subjects.length - 1}` : "");
      show(this.problem, false);
    } catch (error) {
      if (asked !== this.asked) return;
      setText(this.problem, error.message);
      show(this.problem, true);
    }
    this.back.disabled = this.tokens.length === 1;
    this.next.disabled = this.nextToken === "";
    clearTimeout(this.refreshing);
    if (!this.closed) this.refreshing = setTimeout(() => this.load(), REFRESH_MILLIS);
  }

  async page(token) {
    let answer;
    for (let i = 0; i < EMPTY_PAGES; i++) {
      answer = await get("subjects", {prefix: this.search.value, pageSize: PAGE_SIZE, pageToken: token});
      token = answer.nextPageToken;
      if (answer.subjects.length || !token) break;
    }
    return answer;
  }

  key(key) {
    if (key === "/") this.search.focus();
    else if (key === "n") this.turn(1);
    else if (key === "b") this.turn(-1);
    else return false;
    return true;
  }

  close() {
    clearTimeout(this.typing);
    clearTimeout(this.refreshing);
    this.closed = true;
    this.asked++;
  }
}
