// Numbers, times and bodies, for people.

const whole = new Intl.NumberFormat("en");
const short = new Intl.NumberFormat("en", {maximumSignificantDigits: 3});

export function count(value) {
  return whole.format(Number(value));
}

/** 12, 1.2k, 3.45M. */
export function brief(value) {
  const size = Math.abs(value);
  if (size >= 1e9) return short.format(value / 1e9) + "G";
  if (size >= 1e6) return short.format(value / 1e6) + "M";
  if (size >= 1e4) return short.format(value / 1e3) + "k";
  return size >= 100 ? whole.format(Math.round(value)) : short.format(value);
}

export function bytes(value) {
  let size = Number(value);
  for (const unit of ["B", "KiB", "MiB", "GiB"]) {
    if (size < 1024) return `${short.format(size)} ${unit}`;
    size /= 1024;
  }
  return `${short.format(size)} TiB`;
}

/** A latency: 250 µs, 3.2 ms, 1.5 s. */
export function latency(seconds) {
  if (seconds === 0) return "0";
  if (seconds < 1e-3) return `${short.format(seconds * 1e6)} µs`;
  if (seconds < 1) return `${short.format(seconds * 1e3)} ms`;
  return `${short.format(seconds)} s`;
}

/** How long something lasts: 3 s, 12 min, 5 h, 3 d. */
export function span(millis) {
  const seconds = Math.max(0, Math.round(millis / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} d`;
}

export function clock(millis) {
  return new Date(Number(millis)).toLocaleTimeString("en-GB");
}

export function moment(millis) {
  const at = new Date(Number(millis));
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${clock(millis)}`;
}

function two(value) {
  return String(value).padStart(2, "0");
}

export function plural(value, one, many = one + "s") {
  return `${count(value)} ${Number(value) === 1 ? one : many}`;
}

/** Bytes of a body that came in base64. */
export function fromBase64(text) {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}

export function toBase64(data) {
  let binary = "";
  for (const byte of data) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** A body as a person reads it best: {kind: "json" | "text" | "hex", text}. */
export function readable(data, whole = true) {
  const text = asText(data, whole);
  if (text === null) return {kind: "hex", text: hex(data)};
  if (/^\s*[[{]/.test(text)) {
    try {
      return {kind: "json", text: JSON.stringify(JSON.parse(text), null, 2)};
    } catch {
      // It only looked like JSON, and is shown as the text that it is.
    }
  }
  return {kind: "text", text};
}

/** Null if it is no UTF-8, or has characters that cannot be seen. */
function asText(data, whole) {
  try {
    // What was cut may end in the middle of a character.
    const text = new TextDecoder("utf-8", {fatal: true}).decode(data, {stream: !whole});
    return /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(text) ? null : text;
  } catch {
    return null;
  }
}

/** 00000000  68 65 6c 6c 6f  |hello| */
function hex(data) {
  const lines = [];
  for (let at = 0; at < data.length; at += 16) {
    const row = [...data.subarray(at, at + 16)];
    const codes = row.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const chars = row.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : ".")).join("");
    lines.push(`${at.toString(16).padStart(8, "0")}  ${codes.padEnd(47)}  |${chars}|`);
  }
  return lines.join("\n");
}
