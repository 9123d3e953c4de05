import { Client, type Message, newKey, type Start } from "./index.js";

const KEPT_MESSAGES = 200;

/** Where docker/compose.yaml has its Envoy. */
const USUAL_SERVER = "https://127.0.0.1:8443";

function element<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) {
    throw new TypeError(`index.html has no ${type.name} "${id}"`);
  }
  return found;
}

/** The servers that the page names, and one client of them for both forms, as long as they stay the same. */
class Servers {
  private readonly field = element("servers", HTMLInputElement);
  private named = "";
  private made: Client | undefined;

  name(servers: string): void {
    this.field.value = servers;
  }

  client(): Client {
    if (this.made === undefined || this.named !== this.field.value) {
      this.named = this.field.value;
      this.made = new Client(this.named.split(",").map((url) => url.trim()));
    }
    return this.made;
  }
}

const servers = new Servers();
const subject = element("subject", HTMLInputElement);

function say(place: HTMLElement, text: string, kind: "good" | "bad" = "good"): void {
  place.textContent = text;
  place.className = kind;
}

function bodyOf(message: Message): string {
  return new TextDecoder().decode(message.body);
}

function textOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure);
}

/** Shows the messages of one subject as they come, and keeps the newest of them. */
class Watch {
  private readonly form = element("watch", HTMLFormElement);
  private readonly start = element("start", HTMLSelectElement);
  private readonly next = this.start.querySelector<HTMLOptionElement>("[value=next]")!;
  private readonly button = element("watch-button", HTMLButtonElement);
  private readonly state = element("watch-state", HTMLElement);
  private readonly messages = element("messages", HTMLElement);
  private nextId = 1;
  private stop: AbortController | undefined;

  constructor() {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.stop === undefined) {
        void this.run();
      } else {
        this.stop.abort();
      }
    });
    subject.addEventListener("input", () => this.offerToGoOn(false));
  }

  private async run(): Promise<void> {
    const stop = (this.stop = new AbortController());
    const start = this.startOf(this.start.value);
    if (typeof start === "string") {
      this.messages.replaceChildren();
      this.nextId = 1;
    }
    this.button.textContent = "Stop";
    subject.readOnly = true;
    say(this.state, `Watching ${subject.value}.`);
    try {
      for await (const message of servers.client().subscribe(subject.value, start, stop.signal)) {
        this.show(message);
        this.nextId = Math.max(this.nextId, message.id + 1);
      }
    } catch (failure) {
      if (stop.signal.aborted) {
        say(this.state, "Not watching.");
      } else {
        say(this.state, textOf(failure), "bad");
      }
    } finally {
      this.stop = undefined;
      this.button.textContent = "Watch";
      subject.readOnly = false;
      this.offerToGoOn(this.nextId > 1);
    }
  }

  private startOf(choice: string): Start {
    return choice === "next" ? { id: this.nextId } : choice === "now" ? "now" : "earliest";
  }

  /** After an end nothing need be missed: the page knows where it was. */
  private offerToGoOn(offered: boolean): void {
    // Not every browser hides an option.
    this.next.hidden = this.next.disabled = !offered;
    this.next.textContent = `message ${this.nextId}, the next one`;
    if (offered) {
      this.start.value = "next";
    } else if (this.start.value === "next") {
      this.start.value = "earliest";
    }
  }

  private show(message: Message): void {
    const row = document.createElement("li");
    const id = document.createElement("b");
    id.textContent = message.id === 0 ? "broadcast" : String(message.id);
    const time = document.createElement("time");
    time.dateTime = message.publishedAt.toISOString();
    time.textContent = message.publishedAt.toLocaleTimeString();
    const body = document.createElement("span");
    // Text only ever becomes text.
    body.textContent = bodyOf(message);
    row.append(id, time, body);
    this.messages.prepend(row);
    if (this.messages.childElementCount > KEPT_MESSAGES) {
      this.messages.lastElementChild!.remove();
    }
  }
}

/** Publishes lines in their order, each after the one before it, and leaves in the form what is not published. */
class Publishing {
  private readonly form = element("publish", HTMLFormElement);
  private readonly lines = element("lines", HTMLTextAreaElement);
  private readonly button = element("publish-button", HTMLButtonElement);
  private readonly state = element("publish-state", HTMLElement);
  /** What was tried last, if nobody knows whether it happened: tried again, it happens once. */
  private uncertain: { subject: string; line: string; key: string } | undefined;

  constructor() {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.run();
    });
  }

  private async run(): Promise<void> {
    const on = subject.value;
    const lines = this.lines.value.split("\n").filter((line) => line !== "");
    const count = lines.length;
    this.button.disabled = true;
    this.lines.readOnly = true;
    try {
      const client = servers.client();
      for (let line = lines[0]; line !== undefined; line = lines[0]) {
        say(this.state, `Publishing ${count - lines.length + 1} of ${count}.`);
        const id = await this.publish(client, on, line);
        lines.shift();
        this.lines.value = lines.join("\n");
        say(this.state, `Published ${count - lines.length} of ${count}, the last one as id ${id}.`);
      }
    } catch (failure) {
      say(this.state, textOf(failure), "bad");
    } finally {
      this.button.disabled = false;
      this.lines.readOnly = false;
    }
  }

  private async publish(client: Client, subject: string, line: string): Promise<number> {
    const again = this.uncertain?.subject === subject && this.uncertain.line === line;
    const attempt = again ? this.uncertain! : { subject, line, key: newKey() };
    this.uncertain = attempt;
    const id = await client.publish(subject, line, { key: attempt.key });
    this.uncertain = undefined;
    return id;
  }
}

/** Shows one message. */
class Fetching {
  private readonly form = element("fetch", HTMLFormElement);
  private readonly id = element("fetch-id", HTMLInputElement);
  private readonly state = element("fetch-state", HTMLElement);

  constructor() {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.run();
    });
  }

  private async run(): Promise<void> {
    say(this.state, "Fetching.");
    try {
      const message = await servers.client().fetch(subject.value, this.id.valueAsNumber);
      say(this.state, `${message.id}: ${bodyOf(message)}`);
    } catch (failure) {
      say(this.state, textOf(failure), "bad");
    }
  }
}

const asked = new URLSearchParams(location.search);
servers.name(asked.get("servers") ?? USUAL_SERVER);
subject.value = asked.get("subject") ?? "orders";
new Watch();
new Publishing();
new Fetching();
