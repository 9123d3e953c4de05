// One subject: what it has and keeps; publish on it, fetch from it, watch it.

import {get, publish} from "./api.js";
import {el, setText, show} from "./dom.js";
import {bytes, count, moment, plural, span, toBase64} from "./format.js";
import {messageRow, Watch} from "./watch.js";

const PERIOD_MILLIS = 2000;

export class Subject {
  constructor(name) {
    this.name = name;
    this.facts = el("dl", {class: "facts"});
    this.state = el("p", {class: "hint", role: "status"});
    this.watch = new Watch(name);
    this.element = el("div", {},
      el("div", {class: "heading"}, el("h1", {class: "subject"}, name), el("a", {href: "#/subjects"}, "all subjects")),
      el("section", {class: "card", "aria-label": "About the subject"}, this.state, this.facts),
      el("div", {class: "columns"}, el("div", {}, this.publishForm(), this.fetchForm()), this.watch.element));
    this.load();
  }

  // --- About it

  async load() {
    clearTimeout(this.timer);
    try {
      this.describe(await get("subject", {subject: this.name}));
      show(this.state, false);
    } catch (error) {
      setText(this.state, error.reason === "SUBJECT_NOT_FOUND" ? "Nobody has published on it yet: the first message creates it." : error.message);
      show(this.state, true);
    }
    clearTimeout(this.timer); // of another one that was under way
    if (!this.closed) this.timer = setTimeout(() => this.load(), PERIOD_MILLIS);
  }

  describe(subject) {
    const settings = subject.settings;
    const limits = [
      settings.maxMessages !== "0" ? `the newest ${plural(settings.maxMessages, "message")}` : null,
      settings.maxBytes !== "0" ? `the newest ${bytes(settings.maxBytes)}` : null,
      settings.maxAgeSeconds ? `for ${span(settings.maxAgeSeconds * 1000)}` : null,
    ].filter((limit) => limit);
    const facts = [
      ["Messages", count(subject.messages)],
      ["First id", count(subject.firstId)],
      ["Head", count(subject.lastId)],
      ["In stores", `${count(subject.storedMessages)}, ${bytes(subject.storedBytes)}`],
      ["Archived", subject.archivedId === "0" ? "nothing" : `to id ${count(subject.archivedId)}`],
      ["Keeps", limits.join(", ") || "everything"],
      ["Expires", settings.defaultExpirationSeconds ? `after ${span(settings.defaultExpirationSeconds * 1000)}` : "if a message says so"],
      ["Largest body", settings.maxBodyBytes ? bytes(settings.maxBodyBytes) : "as the nodes allow"],
      ["Shard", String(subject.shard)],
      ["Created", moment(subject.createdAtMillis)],
    ];
    const signature = JSON.stringify(facts);
    if (this.signature === signature) return;
    this.signature = signature;
    this.facts.replaceChildren(...facts.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
  }

  // --- Publish

  publishForm() {
    this.body = el("textarea", {id: "body", rows: "5", spellcheck: "false", oninput: () => this.changed()});
    this.kind = el("select", {id: "kind", onchange: () => this.changed()},
      el("option", {value: "text"}, "text"), el("option", {value: "json"}, "JSON"), el("option", {value: "base64"}, "base64"));
    this.headers = el("textarea", {id: "headers", rows: "2", spellcheck: "false", placeholder: "content-type: application/json", oninput: () => this.changed()});
    this.expires = el("input", {id: "expires", type: "number", min: "0", step: "1", placeholder: "never", oninput: () => this.changed()});
    this.published = el("p", {class: "result", role: "status"});
    this.publishButton = el("button", {class: "primary"}, "Publish");
    return el("section", {class: "card", "aria-labelledby": "publish-title"},
      el("h2", {id: "publish-title"}, "Publish"),
      el("form", {
        class: "form", id: "publish",
        onsubmit: (event) => this.publish(event),
        onkeydown: (event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.publish(event);
        },
      },
      el("label", {for: "body"}, "Body"), this.body,
      el("div", {class: "row"}, el("label", {for: "kind"}, "Sent as"), this.kind, el("label", {for: "expires"}, "expires after (s)"), this.expires),
      el("label", {for: "headers"}, "Headers, one on each line"), this.headers,
      el("div", {class: "row"}, this.publishButton, this.published)));
  }

  /** Another message: what is sent again without a change is the same one, and happens once. */
  changed() {
    this.idempotencyKey = null;
  }

  async publish(event) {
    event.preventDefault();
    if (this.publishButton.disabled) return;
    let request;
    try {
      this.idempotencyKey ??= randomKey();
      request = {
        subject: this.name,
        body: this.encodedBody(),
        headers: this.parsedHeaders(),
        expirationSeconds: this.wholeSeconds(),
        idempotencyKey: this.idempotencyKey,
      };
    } catch (error) {
      this.result("bad", error.message);
      return;
    }
    this.publishButton.disabled = true;
    this.result("", "…");
    try {
      const {id} = await publish(request);
      this.changed();
      this.result("good", `published as id ${count(id)}`);
      this.fetchId.value = id;
      this.load();
    } catch (error) {
      const open = error.unreachable || error.status >= 500;
      this.result("bad", error.message + (open ? ". It may have happened; publish again without a change, and it happens once." : ""));
    } finally {
      this.publishButton.disabled = false;
    }
  }

  encodedBody() {
    const text = this.body.value;
    if (this.kind.value === "base64") {
      const compact = text.replace(/\s/g, "");
      try {
        atob(compact);
      } catch {
        throw new Error("the body is no base64");
      }
      return compact;
    }
    if (this.kind.value === "json") {
      try {
        JSON.parse(text);
      } catch (error) {
        throw new Error(`the body is no JSON: ${error.message}`);
      }
    }
    return toBase64(new TextEncoder().encode(text));
  }

  parsedHeaders() {
    const headers = {};
    for (const line of this.headers.value.split("\n")) {
      if (!line.trim()) continue;
      const colon = line.indexOf(":");
      if (colon < 1) throw new Error(`a header is written as name: value, unlike "${line.trim()}"`);
      headers[line.slice(0, colon).trim()] = line.slice(colon + 1).trim();
    }
    return headers;
  }

  wholeSeconds() {
    const seconds = Number(this.expires.value || "0");
    if (!Number.isInteger(seconds) || seconds < 0 || seconds > 2147483647) throw new Error("seconds are a whole number, 0 or empty for never");
    return seconds;
  }

  result(kind, text) {
    this.published.className = `result ${kind}`;
    setText(this.published, text);
  }

  // --- Fetch

  fetchForm() {
    this.fetchId = el("input", {id: "fetch-id", type: "number", min: "1", step: "1", required: true});
    this.fetched = el("div", {id: "fetched", "aria-live": "polite"});
    return el("section", {class: "card", "aria-labelledby": "fetch-title"},
      el("h2", {id: "fetch-title"}, "Fetch"),
      el("form", {class: "row", id: "fetch", onsubmit: (event) => this.fetch(event)}, el("label", {for: "fetch-id"}, "Id"), this.fetchId, el("button", {class: "primary"}, "Fetch")),
      this.fetched);
  }

  async fetch(event) {
    event.preventDefault();
    try {
      const shown = await get("message", {subject: this.name, id: this.fetchId.value});
      this.fetched.replaceChildren(messageRow(shown, true));
    } catch (error) {
      this.fetched.replaceChildren(el("p", {class: "problem"}, error.message));
    }
  }

  // --- Keys

  key(key) {
    if (key === "w") this.watch.startOrStop();
    else if (key === "p") this.watch.pauseOrGoOn();
    else return false;
    return true;
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    this.watch.close();
  }
}

/** Also where the page came over plain HTTP, for which browsers have no randomUUID. */
function randomKey() {
  return toBase64(crypto.getRandomValues(new Uint8Array(18)));
}
