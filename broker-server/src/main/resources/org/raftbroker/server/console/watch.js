// Messages of a subject as they come.

import {events, get} from "./api.js";
import {el, setText, show} from "./dom.js";
import {bytes, clock, count, fromBase64, moment, plural, readable} from "./format.js";

const KEPT_ROWS = 200;
const PREVIEW_CHARS = 200;
const AGAIN_MILLIS = 1000;

/** What a message is, in one line that opens to all of it. */
export function messageRow({message, bodyBytes}, open = false) {
  const data = fromBase64(message.body);
  const whole = data.length === bodyBytes;
  const {kind, text} = readable(data, whole);
  const preview = (kind === "json" ? JSON.stringify(JSON.parse(text)) : text).slice(0, PREVIEW_CHARS);
  const headers = Object.entries(message.headers ?? {});
  const facts = [
    message.id === "0" ? "broadcast: not stored, no id" : `published ${moment(message.publishedAtMillis)}`,
    message.expiresAtMillis !== "0" ? `expires ${moment(message.expiresAtMillis)}` : null,
    kind === "hex" ? "no text, so shown in hexadecimal" : null,
    whole ? null : `the first ${bytes(data.length)} of ${bytes(bodyBytes)}`,
  ].filter((fact) => fact);
  return el("details", {class: "message", open, "data-id": message.id},
    el("summary", {},
      el("span", {class: "id"}, message.id === "0" ? "–" : count(message.id)),
      el("time", {}, message.id === "0" ? clock(Date.now()) : clock(message.publishedAtMillis)),
      el("span", {class: "size"}, bytes(bodyBytes)),
      el("span", {class: "preview"}, preview || "(empty)")),
    el("p", {class: "hint"}, facts.join("; ")),
    headers.length ? el("dl", {class: "headers"}, headers.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)))) : null,
    el("pre", {tabindex: "0", class: kind}, text));
}

export class Watch {
  constructor(subject) {
    this.subject = subject;
    this.nextId = null; // where to go on; null: not watching
    this.abort = null; // of the stream that is read; null: paused, or not watching
    this.seen = 0;
    this.waiting = [];
    this.from = el("select", {id: "watch-from", onchange: () => show(this.fromId, this.from.value === "id")},
      el("option", {value: "now"}, "now on"), el("option", {value: "first"}, "the beginning"), el("option", {value: "id"}, "an id"));
    this.fromId = el("input", {type: "number", min: "1", step: "1", value: "1", "aria-label": "First id", hidden: true});
    this.startButton = el("button", {class: "primary", onclick: () => this.startOrStop(), type: "button"}, "Watch");
    this.pauseButton = el("button", {type: "button", onclick: () => this.pauseOrGoOn(), disabled: true}, "Pause");
    this.clearButton = el("button", {type: "button", onclick: () => this.clear()}, "Clear");
    this.status = el("p", {class: "hint", role: "status"}, "Not watching.");
    this.rows = el("div", {class: "messages", id: "watched"});
    this.element = el("section", {class: "card watch", "aria-labelledby": "watch-title"},
      el("h2", {id: "watch-title"}, "Watch"),
      el("div", {class: "row"}, el("label", {for: "watch-from"}, "From"), this.from, this.fromId, this.startButton, this.pauseButton, this.clearButton),
      this.status, this.rows);
  }

  startOrStop() {
    if (this.nextId === null) this.start();
    else this.stop("Not watching.");
  }

  async start() {
    const choice = this.from.value;
    let from = 1n;
    try {
      if (choice === "id") {
        from = BigInt(this.fromId.value || "0");
        if (from < 1n) throw new Error("an id is at least 1");
      } else if (choice === "now") from = await this.head() + 1n;
    } catch (error) {
      this.say(`Cannot watch: ${error.message}.`);
      return;
    }
    this.clear();
    this.nextId = from;
    this.goOn();
  }

  /** The highest id so far; 0 of a subject that nobody has published on. */
  async head() {
    try {
      return BigInt((await get("subject", {subject: this.subject})).lastId);
    } catch (error) {
      if (error.reason === "SUBJECT_NOT_FOUND") return 0n;
      throw error;
    }
  }

  pauseOrGoOn() {
    if (this.nextId === null) return;
    if (this.abort) {
      this.abort.abort();
      this.abort = null;
      this.say(`Paused. It will go on from id ${count(this.nextId)}; nothing is missed.`);
      this.showButtons();
    } else this.goOn();
  }

  goOn() {
    this.abort = new AbortController();
    this.showButtons();
    this.read(this.abort.signal);
  }

  stop(why) {
    this.abort?.abort();
    this.abort = null;
    this.nextId = null;
    this.say(why);
    this.showButtons();
  }

  /** Streams end, and nodes do: what comes next is asked for again, from the id after the last. */
  async read(signal) {
    while (!signal.aborted) {
      let patience = 0;
      try {
        this.say(`Watching from id ${count(this.nextId)}.`);
        for await (const event of events("watch", {subject: this.subject, fromId: this.nextId}, signal)) {
          if (event.name === "message") this.take(event.data);
          else if (event.data.reason !== "TIME_OVER") {
            this.say(`Interrupted: ${event.data.message}.`);
            patience = AGAIN_MILLIS;
          }
        }
      } catch (error) {
        if (signal.aborted) return;
        if (error.status >= 400 && error.status < 500) {
          this.stop(`Cannot watch: ${error.message}.`);
          return;
        }
        this.say(`Interrupted: ${error.reason ? error.message : "the stream broke off"}. Trying again.`);
        patience = AGAIN_MILLIS;
      }
      if (patience) await new Promise((resolve) => setTimeout(resolve, patience));
    }
  }

  take(shown) {
    this.seen++;
    const id = BigInt(shown.message.id);
    if (id > 0n) this.nextId = id + 1n;
    this.waiting.push(shown);
    if (this.waiting.length > KEPT_ROWS) this.waiting.shift();
    // Once for each picture that the screen shows, however many come.
    this.drawing ??= requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.drawing = null;
    this.rows.prepend(...this.waiting.reverse().map((shown) => messageRow(shown)));
    this.waiting = [];
    while (this.rows.childElementCount > KEPT_ROWS) this.rows.lastElementChild.remove();
    const dropped = this.seen - this.rows.childElementCount;
    this.say(`Watching: ${plural(this.seen, "message")}${dropped > 0 ? `, the newest ${KEPT_ROWS} shown` : ""}.`);
  }

  clear() {
    this.rows.replaceChildren();
    this.waiting = [];
    this.seen = 0;
  }

  say(text) {
    setText(this.status, text);
  }

  showButtons() {
    const watching = this.nextId !== null;
    setText(this.startButton, watching ? "Stop" : "Watch");
    setText(this.pauseButton, watching && !this.abort ? "Go on" : "Pause");
    this.pauseButton.disabled = !watching;
    this.element.classList.toggle("live", this.abort !== null);
  }

  close() {
    this.abort?.abort();
    if (this.drawing) cancelAnimationFrame(this.drawing);
  }
}
