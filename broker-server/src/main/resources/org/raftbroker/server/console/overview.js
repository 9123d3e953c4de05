// The cluster as this node sees it, and what the node itself does.

import {Chart} from "./chart.js";
import {el, LiveTable, setText} from "./dom.js";
import {brief, bytes, clock, count, latency, plural, span} from "./format.js";
import {consoleOf, stateOf} from "./members.js";

export class Overview {
  constructor() {
    this.tiles = new Map();
    const tiles = el("dl", {class: "tiles"}, ["Nodes", "Shards", "Published", "Publish p99", "Subscriptions", "Backlog"].map((name) => this.tile(name)));
    this.charts = [
      new Chart("Messages per second", [
        {name: "published", of: (point) => point.published},
        {name: "delivered", of: (point) => point.delivered},
        {name: "fetched", of: (point) => point.fetched},
      ], {format: brief, least: 10}),
      new Chart("Publish latency", [
        {name: "p50", of: (point) => point.p50},
        {name: "p99", of: (point) => point.p99},
        {name: "fetch p99", of: (point) => point.fetchP99},
      ], {format: latency, least: 0.004}),
      new Chart("Bytes per second", [
        {name: "published", of: (point) => point.publishedBytes},
        {name: "delivered", of: (point) => point.deliveredBytes},
      ], {format: bytes, unitOf: (value) => 1024 ** Math.floor(Math.log2(value) / 10), least: 1024}),
    ];
    this.nodes = new LiveTable("Nodes", [
      {name: "Node", cell: (row) => ({text: row.member.id, kind: row.own ? "strong own" : "strong", title: row.own ? "the one that you ask" : undefined})},
      {name: "State", cell: (row) => pills(row)},
      {name: "Leads", cell: (row) => row.leads || "–"},
      {name: "Replicas of shards", cell: (row) => row.replicas || "–"},
      {name: "Clients dial", cell: (row) => ({text: row.member.grpcAddress, kind: "code"})},
      {name: "Console", cell: (row) => (row.own ? "this one" : row.member.state !== "UP" ? "–" : {text: "open", href: consoleOf(row.member), title: `console of ${row.member.id}`})},
    ], (row) => row.member.id, "This node knows no members.");
    this.shards = new LiveTable("Shards", [
      {name: "Shard", cell: (row) => ({text: String(row.shard), kind: "strong"})},
      {name: "Leader", cell: (row) => leader(row)},
      {name: "Replicas", cell: (row) => row.replicas.map((member) => ({text: member.id, kind: `chip ${member.kind}`, title: `${member.id} is ${member.state}`}))},
      {name: "Here", cell: (row) => here(row)},
      {name: "Term", number: true, cell: (row) => (row.here ? count(row.here.term) : "–")},
      {name: "Applied / committed", number: true, cell: (row) => (row.here ? `${count(row.here.appliedIndex)} / ${count(row.here.commitIndex)}` : "–")},
      {name: "Subjects", number: true, cell: (row) => (row.here ? count(row.here.subjects) : "–")},
      {name: "Store", number: true, cell: (row) => (row.here ? bytes(row.here.storeBytes) : "–")},
      {name: "Archive backlog", number: true, cell: (row) => (row.here ? backlog(row.here) : "–")},
    ], (row) => row.shard, "This node knows of no shards yet.");
    this.events = el("ol", {class: "events"});
    this.about = el("p", {class: "hint"});
    this.element = el("div", {},
      el("h1", {class: "unseen"}, "Overview"),
      tiles,
      el("div", {class: "charts"}, this.charts.map((chart) => chart.element)),
      el("section", {class: "card", "aria-labelledby": "nodes-title"}, el("h2", {id: "nodes-title"}, "Nodes"), this.nodes.element),
      el("section", {class: "card", "aria-labelledby": "shards-title"}, el("h2", {id: "shards-title"}, "Shards"), this.shards.element),
      el("section", {class: "card", "aria-labelledby": "events-title"}, el("h2", {id: "events-title"}, "Seen by this page"), this.events),
      this.about);
  }

  tile(name) {
    const value = el("dd", {}, "–");
    const note = el("dd", {class: "note"});
    const tile = el("div", {class: "tile"}, el("dt", {}, name), value, note);
    this.tiles.set(name, {tile, value, note});
    return tile;
  }

  set(name, value, note = "", kind = "") {
    const tile = this.tiles.get(name);
    setText(tile.value, value);
    setText(tile.note, note);
    tile.tile.className = `tile ${kind}`;
  }

  update({overview, history, events}) {
    for (const chart of this.charts) chart.update(history.points);
    this.showEvents(events);
    if (overview === null) return;
    const {node, cluster} = overview;
    const now = history.now();
    const shards = shardsOf(node, cluster);
    const up = node.members.filter((member) => member.state === "UP").length;
    const expected = node.members.filter((member) => member.state !== "LEFT").length;
    const led = shards.filter((shard) => shard.leader).length;
    const here = shards.filter((shard) => shard.here);
    const unknown = here.filter((shard) => !shard.leader).length;
    const messages = here.reduce((sum, shard) => sum + Number(shard.here.backlogMessages), 0);
    const size = here.reduce((sum, shard) => sum + Number(shard.here.backlogBytes), 0);
    this.set("Nodes", `${up} of ${expected}`, up < expected ? "not all are up" : "all are up", up < expected ? "bad" : "good");
    this.set("Shards", `${led} of ${shards.length}`, unknown ? "some have no leader" : "have a known leader", unknown ? "bad" : "good");
    this.set("Published", now.published === undefined ? "–" : `${brief(now.published)}/s`, now.errors ? `${brief(now.errors)}/s refused` : `${count(overview.activity.published)} since the start`, now.errors ? "warn" : "");
    this.set("Publish p99", now.p99 === undefined ? "–" : latency(now.p99), now.p99 === undefined ? "no publishes now" : `median ${latency(now.p50)}`);
    this.set("Subscriptions", count(node.subscriptions), now.delivered === undefined ? "" : `${brief(now.delivered)} messages/s`);
    this.set("Backlog", bytes(size), messages ? `${plural(messages, "message")} to archive` : "nothing to archive");
    this.nodes.update(node.members.map((member) => ({
      member,
      own: member.id === node.nodeId,
      place: cluster.members.find((other) => other.id === member.id)?.state,
      leads: shards.filter((shard) => shard.leader === member.id).map((shard) => shard.shard).join(", "),
      replicas: shards.filter((shard) => shard.replicas.some((other) => other.id === member.id)).map((shard) => shard.shard).join(", "),
    })));
    this.shards.update(shards);
    setText(this.about, `RaftBroker ${node.version}. ${node.nodeId} runs since ${span(Date.now() - Number(node.startedAtMillis))}. Rates, latencies, terms, stores and the backlog are this node's own; ask the others for theirs.`
      + (cluster.paused ? " Placement is paused." : ""));
  }

  showEvents(events) {
    if (this.events.dataset.count === String(events.length) + (events[0]?.at ?? "")) return;
    this.events.dataset.count = String(events.length) + (events[0]?.at ?? "");
    this.events.replaceChildren(...(events.length ? events : [{text: "Nothing has changed since the page was opened."}]).map((event) =>
      el("li", {class: event.kind || null}, event.at ? el("time", {}, clock(event.at)) : null, event.text)));
  }
}

/** Where each shard is to be, who leads it as far as is known here, and what this node has of it. */
function shardsOf(node, cluster) {
  const members = new Map(node.members.map((member) => [member.id, member]));
  const replicas = new Map(node.replicas.map((replica) => [replica.shard, replica]));
  const numbers = new Set([...cluster.shards.map((shard) => shard.shard), ...replicas.keys()]);
  return [...numbers].sort((a, b) => a - b).map((shard) => ({
    shard,
    here: replicas.get(shard),
    leader: replicas.get(shard)?.leaderId,
    moving: cluster.misplaced.includes(shard),
    replicas: (cluster.shards.find((other) => other.shard === shard)?.replicas ?? []).map((id) => {
      const member = members.get(id);
      return {id, state: member ? stateOf(member) : "not known", kind: member?.state === "UP" ? "good" : "bad"};
    }),
  }));
}

function pills({member, place}) {
  const pills = [{text: stateOf(member), kind: `pill ${member.state === "UP" ? "good" : member.state === "LEFT" ? "" : "bad"}`}];
  if (place && place !== "ACTIVE") pills.push({text: place.toLowerCase(), kind: "pill warn"});
  return pills;
}

function leader(row) {
  const gone = row.replicas.find((member) => member.id === row.leader && member.kind === "bad");
  if (gone) return {text: row.leader, kind: "pill bad", title: `the last known; ${gone.id} is ${gone.state}`};
  if (row.leader) return {text: row.leader, kind: "strong"};
  return row.here ? {text: "none", kind: "pill bad"} : {text: "not known here", kind: "faint", title: "this node has no replica of the shard; ask one that has"};
}

function here(row) {
  if (!row.here) return {text: "no replica", kind: "faint"};
  const role = row.here.role.toLowerCase();
  if (row.here.problem) return {text: "out of service", kind: "pill bad", title: row.here.problem};
  return row.moving ? [{text: role}, {text: "moving", kind: "pill warn"}] : role;
}

function backlog(replica) {
  const messages = Number(replica.backlogMessages);
  return messages ? `${brief(messages)}, ${bytes(replica.backlogBytes)}` : "0";
}
