// What the page asks its node. Requests carry the token of this tab, if the node wants one.

const BASE = new URL("../api/", new URL(".", document.baseURI));
const TOKEN = "raftbroker-console-token";
const TIMEOUT_MILLIS = 3000;
// A publish may wait for a majority, and its refusal says why.
const PUBLISH_TIMEOUT_MILLIS = 20000;

/** A refusal, or (reason UNREACHABLE) no answer. The message is for people. */
export class ApiError extends Error {
  constructor(status, reason, message) {
    super(message);
    this.status = status;
    this.reason = reason;
  }

  get unreachable() {
    return this.reason === "UNREACHABLE";
  }
}

let asking = null;

/** Asks for the token once, however many requests want it. */
function askForToken(why) {
  asking ??= new Promise((resolve) => {
    const dialog = document.getElementById("token");
    const text = document.getElementById("token-text");
    document.getElementById("token-why").textContent = why;
    text.value = "";
    const form = document.getElementById("token-form");
    const submit = (event) => {
      event.preventDefault();
      sessionStorage.setItem(TOKEN, text.value);
      form.removeEventListener("submit", submit);
      dialog.removeEventListener("cancel", stay);
      dialog.close();
      asking = null;
      resolve();
    };
    const stay = (event) => event.preventDefault(); // without a token there is nothing behind it
    form.addEventListener("submit", submit);
    dialog.addEventListener("cancel", stay);
    dialog.showModal();
    text.focus();
  });
  return asking;
}

/** Sends a request, once more after each time that a token had to be asked for; answers the response if it is a good one. */
async function send(name, parameters, options) {
  const url = new URL(name, BASE);
  for (const [key, value] of Object.entries(parameters)) url.searchParams.set(key, value);
  for (;;) {
    if (asking) await asking;
    const token = sessionStorage.getItem(TOKEN);
    const headers = {...options.headers, ...(token ? {Authorization: `Bearer ${token}`} : {})};
    let response;
    try {
      const signal = options.signal ?? AbortSignal.timeout(options.timeout ?? TIMEOUT_MILLIS);
      response = await fetch(url, {...options, headers, signal, cache: "no-store", credentials: "omit"});
      if (response.ok) return response;
    } catch (failure) {
      if (options.signal?.aborted) throw failure;
      throw new ApiError(0, "UNREACHABLE", "this node does not answer");
    }
    const refusal = await refusalOf(response);
    if (refusal.status !== 401) throw refusal;
    // Another request may have asked, and been told, in the meantime.
    if (sessionStorage.getItem(TOKEN) === token) {
      sessionStorage.removeItem(TOKEN);
      await askForToken(token ? "That was not the token of this node." : "Whoever knows it may look, and publish.");
    }
  }
}

async function refusalOf(response) {
  try {
    const {reason, message} = await response.json();
    return new ApiError(response.status, reason, message);
  } catch {
    return new ApiError(response.status, "NO_JSON", `the node answered ${response.status} without saying why`);
  }
}

export async function get(name, parameters = {}) {
  const response = await send(name, parameters, {});
  try {
    return await response.json();
  } catch {
    throw new ApiError(0, "UNREACHABLE", "the node's answer broke off");
  }
}

export async function publish(request) {
  const response = await send("publish", {}, {
    method: "POST",
    headers: {"Content-Type": "application/json"},
    body: JSON.stringify(request),
    timeout: PUBLISH_TIMEOUT_MILLIS,
  });
  return response.json();
}

/** Events of a stream, {name, data}, until it ends or the signal says so. */
export async function* events(name, parameters, signal) {
  const response = await send(name, parameters, {signal, headers: {Accept: "text/event-stream"}});
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const {value, done} = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const event = {name: "", data: ""};
      for (const line of block.split("\n")) {
        if (line.startsWith("event: ")) event.name = line.slice(7);
        else if (line.startsWith("data: ")) event.data = line.slice(6);
      }
      if (event.name) yield {name: event.name, data: JSON.parse(event.data)};
    }
  }
}
