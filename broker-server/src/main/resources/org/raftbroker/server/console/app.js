// The frame around the pages: asks the node once a second, says what has changed, knows the keys.

import {get} from "./api.js";
import {el, setText, show} from "./dom.js";
import {clock, span} from "./format.js";
import {History} from "./history.js";
import {consoleOf, stateOf} from "./members.js";
import {Overview} from "./overview.js";
import {Subject} from "./subject.js";
import {Subjects} from "./subjects.js";
import {Subscriptions} from "./subscriptions.js";

const PERIOD_MILLIS = 1000;
const KEPT_EVENTS = 50;
const GONE = new Set(["failed", "stopped", "left"]);
const THEMES = ["auto", "light", "dark"];

const byId = (id) => document.getElementById(id);
const main = byId("main");

/** What is known: the last answer of the node, and what this page has seen change since it was opened. */
const state = {overview: null, lostSince: null, lastHeard: Date.now(), error: null, history: new History(), events: []};
let page = null;

// --- Asking the node

async function ask() {
  const began = Date.now();
  try {
    const overview = await get("overview");
    state.history.add(overview.activity, Date.now());
    notice(state.overview, overview);
    if (state.lostSince !== null) report("good", `${overview.node.nodeId} answers again`);
    Object.assign(state, {overview, lostSince: null, lastHeard: Date.now(), error: null});
  } catch (error) {
    state.history.add(null, Date.now());
    if (error.unreachable) {
      if (state.lostSince === null) report("bad", `${state.overview?.node.nodeId ?? "the node"} does not answer`);
      state.lostSince ??= state.lastHeard;
    } else {
      state.lastHeard = Date.now();
      state.lostSince = null;
    }
    state.error = error;
  }
  showFrame();
  page?.update?.(state);
  setTimeout(ask, Math.max(100, PERIOD_MILLIS - (Date.now() - began)));
}

/** Compares two answers, and keeps what an operator would want to have seen. */
function notice(before, after) {
  if (before === null) return;
  const was = new Map(before.node.members.map((member) => [member.id, stateOf(member)]));
  for (const member of after.node.members) {
    const is = stateOf(member);
    if (!was.has(member.id)) report("good", `${member.id} is new here, and ${is}`);
    else if (was.get(member.id) !== is) report(member.state === "UP" ? "good" : "bad", `${member.id} ${GONE.has(is) ? "has" : "is"} ${is}`);
  }
  const led = new Map(before.node.replicas.map((replica) => [replica.shard, replica.leaderId]));
  for (const replica of after.node.replicas) {
    const leader = led.get(replica.shard);
    if (leader === undefined || leader === replica.leaderId) continue;
    if (replica.leaderId) report("", `${replica.leaderId} leads shard ${replica.shard}`);
    else report("bad", `shard ${replica.shard} has no leader`);
  }
}

function report(kind, text) {
  state.events.unshift({at: Date.now(), kind, text});
  state.events.length = Math.min(state.events.length, KEPT_EVENTS);
  byId("announcer").textContent = text;
}

// --- The frame

function showFrame() {
  const {overview, lostSince, error} = state;
  const node = overview?.node;
  const where = byId("where");
  if (node) {
    const lost = lostSince !== null;
    const kind = lost ? "bad" : node.ready ? "good" : "warn";
    const said = lost ? "no answer" : node.ready ? "ready" : "not ready";
    const signature = [node.cluster, node.nodeId, said].join();
    if (where.dataset.signature !== signature) {
      where.dataset.signature = signature;
      where.replaceChildren(el("span", {class: "cluster"}, node.cluster), el("b", {}, node.nodeId), el("span", {class: `pill ${kind}`}, said));
    }
  }
  document.title = `${lostSince !== null ? "⚠ " : ""}${node ? `${node.nodeId} · ${node.cluster}` : "RaftBroker"} · console`;
  document.body.classList.toggle("lost", lostSince !== null);
  const banner = byId("banner");
  show(banner, error !== null);
  if (error === null) {
    banner.replaceChildren();
    return;
  }
  if (!banner.firstChild) banner.append(el("span", {id: "banner-text"}), el("span", {id: "elsewhere", class: "elsewhere"}));
  setText(byId("banner-text"), lostSince !== null
    ? `${node ? `Node ${node.nodeId}` : "The node"} has not answered for ${span(Date.now() - lostSince)}. What you see is from ${clock(state.lastHeard)}; it is asked again every second.`
    : error.message);
  const elsewhere = byId("elsewhere");
  if (lostSince !== null && node && !elsewhere.firstChild) {
    const others = node.members.filter((member) => member.id !== node.nodeId && member.state === "UP");
    if (others.length) elsewhere.append("Others: ", ...others.map((member) => el("a", {href: consoleOf(member)}, member.id)));
  }
}

// --- Pages

function route() {
  const hash = location.hash.slice(1) || "/";
  const [path, query = ""] = hash.split("?");
  const parameters = new URLSearchParams(query);
  page?.close?.();
  if (path === "/subjects") page = new Subjects(parameters);
  else if (path.startsWith("/subject/")) page = new Subject(decoded(path.slice("/subject/".length)));
  else if (path === "/subscriptions") page = new Subscriptions();
  else page = new Overview();
  main.replaceChildren(page.element);
  for (const link of byId("pages").children) {
    const target = link.getAttribute("href").slice(1);
    const here = target === "/" ? page instanceof Overview : path.startsWith(target.slice(0, -1));
    if (here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  page.update?.(state);
}

/** What somebody typed into the address may not be encoded; it is then taken as it is. */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

window.addEventListener("hashchange", () => {
  route();
  main.focus();
  window.scrollTo(0, 0);
});
byId("skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address names the page
  main.focus();
});

// --- Light and dark

function applyTheme() {
  const theme = localStorage.getItem("raftbroker-console-theme") ?? "auto";
  document.documentElement.dataset.theme = theme;
  byId("theme").textContent = {auto: "◐", light: "☀", dark: "☾"}[theme];
  byId("theme").setAttribute("aria-label", `Colours: ${theme === "auto" ? "as the system has it" : theme}`);
}

function nextTheme() {
  const theme = document.documentElement.dataset.theme;
  localStorage.setItem("raftbroker-console-theme", THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]);
  applyTheme();
}

byId("theme").addEventListener("click", nextTheme);
applyTheme();

// --- Keys

const singleKeys = byId("single-keys");
singleKeys.checked = localStorage.getItem("raftbroker-console-keys") !== "off";
singleKeys.addEventListener("change", () => localStorage.setItem("raftbroker-console-keys", singleKeys.checked ? "on" : "off"));
byId("help").addEventListener("click", () => byId("keys").showModal());

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select");
  if (event.ctrlKey || event.metaKey || event.altKey || typing || document.querySelector("dialog[open]")) return;
  if (event.key === "?") byId("keys").showModal();
  else if (!singleKeys.checked) return;
  else if (event.key === "1") location.hash = "#/";
  else if (event.key === "2") location.hash = "#/subjects";
  else if (event.key === "3") location.hash = "#/subscriptions";
  else if (event.key === "t") nextTheme();
  else if (event.key === "/" && !(page instanceof Subjects)) location.hash = "#/subjects";
  else if (!page.key?.(event.key)) return;
  event.preventDefault();
});

route();
ask();
