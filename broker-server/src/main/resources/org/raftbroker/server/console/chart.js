// Lines over the last five minutes, drawn as SVG.

import {el, setText} from "./dom.js";
import {clock} from "./format.js";
import {KEPT_MILLIS} from "./history.js";

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 150;
const LEFT = 56;
const RIGHT = 8;
const TOP = 8;
const BOTTOM = 20;
const MINUTE = 60 * 1000;

function svg(tag, attributes, text) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

/** The smallest of 1, 2, 5 times a power of ten of the unit that is not below, so that a half of it is round, too. */
function niceAbove(value, unit) {
  const power = 10 ** Math.floor(Math.log10(value / unit)) * unit;
  return [1, 2, 4, 6, 8, 10].map((step) => step * power).find((step) => step >= value * 0.9999);
}

/** How much of the past is shown: what there is, in steps, so that a new page is not an empty one. */
function reach(points) {
  const age = points.length ? points.at(-1).at - points[0].at : 0;
  return [MINUTE, 2 * MINUTE, KEPT_MILLIS].find((millis) => millis >= age) ?? KEPT_MILLIS;
}

export class Chart {
  /** series: [{name, of(point) → number or undefined}]; format(value) → text; unitOf(value): of which the axis has round numbers; least: how high it is at least. */
  constructor(title, series, {format, unitOf = () => 1, least}) {
    this.title = title;
    this.series = series;
    this.format = format;
    this.unitOf = unitOf;
    this.least = least;
    this.points = [];
    this.at = null; // the index that is pointed to; null: the newest

    this.values = series.map(() => el("span", {class: "value"}, "–"));
    this.reach = MINUTE;
    this.when = el("span", {class: "when"}, "now");
    const legend = el("div", {class: "legend"},
      series.map((line, i) => el("span", {class: `key line-${i + 1}`}, el("i", {"aria-hidden": "true"}), line.name, " ", this.values[i])));
    this.drawing = svg("svg", {height: HEIGHT, "aria-hidden": "true"});
    this.plot = el("div", {class: "plot", tabindex: "0", role: "img"}, this.drawing);
    this.spoken = el("span", {class: "unseen", "aria-live": "polite"});
    this.element = el("section", {class: "chart card", "aria-label": title}, el("div", {class: "title"}, el("h3", {}, title), this.when), legend, this.plot, this.spoken);

    this.plot.addEventListener("pointermove", (event) => this.pointAt(event));
    this.plot.addEventListener("pointerleave", () => this.choose(null));
    this.plot.addEventListener("blur", () => this.choose(null));
    this.plot.addEventListener("keydown", (event) => this.step(event));
    new ResizeObserver(() => this.draw()).observe(this.plot);
  }

  update(points) {
    this.points = points;
    if (this.at !== null && this.at >= points.length) this.at = null;
    this.draw();
  }

  pointAt(event) {
    const x = event.clientX - this.plot.getBoundingClientRect().left;
    let nearest = null;
    this.points.forEach((point, i) => {
      if (nearest === null || Math.abs(this.x(point.at) - x) < Math.abs(this.x(this.points[nearest].at) - x)) nearest = i;
    });
    this.choose(nearest);
  }

  step(event) {
    const last = this.points.length - 1;
    const from = this.at ?? last;
    const to = {ArrowLeft: from - 1, ArrowRight: from + 1, Home: 0, End: last, PageUp: from + 30, PageDown: from - 30}[event.key];
    if (to === undefined || last < 0) return;
    event.preventDefault();
    this.choose(Math.max(0, Math.min(last, to)));
    setText(this.spoken, this.said(this.points[this.at]));
  }

  choose(at) {
    this.at = at;
    this.draw();
  }

  said(point) {
    const values = this.series.map((line) => `${line.name} ${this.shown(line.of(point))}`);
    return `${clock(point.at)}: ${values.join(", ")}`;
  }

  shown(value) {
    return value === undefined ? "–" : this.format(value);
  }

  x(at) {
    const now = this.points.at(-1)?.at ?? 0;
    return LEFT + (this.width - LEFT - RIGHT) * (1 - (now - at) / this.reach);
  }

  draw() {
    this.width = this.plot.clientWidth;
    if (this.width === 0) return;
    this.reach = reach(this.points);
    const values = this.points.flatMap((point) => this.series.map((line) => line.of(point))).filter((value) => value !== undefined);
    const top = Math.max(this.least, ...values);
    const highest = niceAbove(top, this.unitOf(top));
    const y = (value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / highest);
    const parts = [];
    for (const share of [0, 0.5, 1]) {
      const at = Math.round(y(highest * share)) + 0.5;
      parts.push(svg("line", {x1: LEFT, x2: this.width - RIGHT, y1: at, y2: at, class: "rule"}));
      parts.push(svg("text", {x: LEFT - 6, y: at + 4, class: "tick end"}, this.format(highest * share)));
    }
    const now = this.points.at(-1)?.at ?? 0;
    const step = this.reach / (this.reach === KEPT_MILLIS ? 5 : 4);
    for (let back = step; back < this.reach; back += step) {
      parts.push(svg("text", {x: this.x(now - back), y: HEIGHT - 4, class: "tick middle"}, back % MINUTE ? `−${back / 1000} s` : `−${back / MINUTE} min`));
    }
    parts.push(svg("text", {x: this.width - RIGHT, y: HEIGHT - 4, class: "tick end"}, "now"));
    this.series.forEach((line, i) => parts.push(svg("path", {d: this.path(line, y), class: `line line-${i + 1}`})));
    const chosen = this.points[this.at ?? this.points.length - 1];
    if (this.at !== null && chosen) {
      const x = this.x(chosen.at);
      parts.push(svg("line", {x1: x, x2: x, y1: TOP, y2: HEIGHT - BOTTOM, class: "cross"}));
      this.series.forEach((line, i) => {
        const value = line.of(chosen);
        if (value !== undefined) parts.push(svg("circle", {cx: x, cy: y(value), r: 3.5, class: `dot line-${i + 1}`}));
      });
    }
    this.drawing.setAttribute("width", this.width);
    this.drawing.replaceChildren(...parts);
    this.series.forEach((line, i) => setText(this.values[i], chosen ? this.shown(line.of(chosen)) : "–"));
    setText(this.when, this.at === null || !chosen ? "now" : clock(chosen.at));
    this.plot.setAttribute("aria-label", `${this.title}, up to the last five minutes. ${chosen ? this.said(chosen) : "Nothing yet."} Arrow keys read other moments.`);
  }

  /** A gap where there is no value: a line through it would be invented. One value alone is a dot: that is what h0 draws. */
  path(line, y) {
    let path = "";
    let down = false;
    for (const point of this.points) {
      const value = line.of(point);
      if (value !== undefined) path += `${down ? "L" : "M"}${this.x(point.at).toFixed(1)} ${y(value).toFixed(1)}h0`;
      down = value !== undefined;
    }
    return path;
  }
}
