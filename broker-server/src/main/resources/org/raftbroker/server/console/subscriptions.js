// The subscriptions of this node that are furthest behind.

import {get} from "./api.js";
import {el, LiveTable, setText, show} from "./dom.js";
import {count, plural, span} from "./format.js";
import {addressOf} from "./subjects.js";

const LIMIT = 50;
const PERIOD_MILLIS = 2000;

export class Subscriptions {
  constructor() {
    this.table = new LiveTable("Subscriptions, furthest behind first", [
      {name: "Subject", cell: (row) => ({text: row.subject, href: addressOf(row.subject), kind: "name"})},
      {name: "Client", cell: (row) => ({text: row.client, kind: "code"})},
      {name: "Behind", number: true, cell: (row) => (row.lag === "0" ? "–" : {text: count(row.lag), kind: "strong"})},
      {name: "Since", number: true, cell: (row) => (row.behindSinceMillis === "0" ? "–" : span(Date.now() - Number(row.behindSinceMillis)))},
      {name: "Next id", number: true, cell: (row) => count(row.nextId)},
      {name: "Head", number: true, cell: (row) => count(row.headId)},
      {name: "State", cell: (row) => stateOf(row)},
      {name: "Subscribed for", number: true, cell: (row) => span(Date.now() - Number(row.startedAtMillis))},
    ], (row) => `${row.client} ${row.subject} ${row.startedAtMillis} ${row.place}`, "Nobody is subscribed to anything on this node.");
    this.summary = el("p", {class: "hint", role: "status"});
    this.problem = el("p", {class: "problem", role: "alert", hidden: true});
    this.element = el("div", {},
      el("div", {class: "heading"}, el("h1", {}, "Subscriptions"), this.summary),
      el("section", {class: "card", "aria-label": "Subscriptions"}, this.problem, this.table.element,
        el("p", {class: "hint"}, `Of this node, the ${LIMIT} that are furthest behind first. A slow one costs the node nothing and is never dropped: it reads at its own pace.`)));
    this.load();
  }

  async load() {
    try {
      const {subscriptions, total} = await get("subscriptions", {limit: LIMIT});
      if (this.closed) return;
      // A client may subscribe to a subject twice within a millisecond.
      const seen = new Map();
      for (const row of subscriptions) {
        const name = `${row.client} ${row.subject} ${row.startedAtMillis}`;
        row.place = seen.get(name) ?? 0;
        seen.set(name, row.place + 1);
      }
      this.table.update(subscriptions);
      const behind = subscriptions.filter((row) => row.lag !== "0").length;
      setText(this.summary, `${plural(total, "subscription")}, ${behind === LIMIT ? "at least " : ""}${count(behind)} behind`);
      show(this.problem, false);
    } catch (error) {
      if (this.closed) return;
      setText(this.problem, error.message);
      show(this.problem, true);
    }
    this.timer = setTimeout(() => this.load(), PERIOD_MILLIS);
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
  }
}

function stateOf(row) {
  if (row.lag === "0") return {text: "has everything", kind: "pill good"};
  return row.stalled ? {text: "takes nothing", kind: "pill bad"} : {text: "catching up", kind: "pill warn"};
}
