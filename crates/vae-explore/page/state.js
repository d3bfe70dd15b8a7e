/** What is open: the design, the view, what is kept. It lives in the address and in a file, and
 * every committed step can be undone. */

const MOST_STEPS = 200;

/** The parts of the state that undo brings back. */
const UNDONE = ["at", "kept", "discarded", "brush"];

export class State {
  /** A state that begins with `start` as its design. */
  constructor(start) {
    this.start = start;
    this.listeners = [];
    this.past = [];
    this.future = [];
    this.value = State.fresh(start);
    this.committed = snapshot(this.value);
  }

  static fresh(start) {
    return {
      format: 1, at: start, layer: "cut", x: "p0", y: "p1", color: "trust", view: null,
      kept: [], discarded: [], brush: {}, tab: "sliders", sort: null, compared: [],
    };
  }

  /** Calls `listener(changed keys)` after every change. */
  listen(listener) {
    this.listeners.push(listener);
  }

  /** Changes some parts; `commit` makes it a step that can be undone. */
  set(change, commit = false) {
    Object.assign(this.value, change);
    if (commit) this.commit();
    this.tell(Object.keys(change));
  }

  /** Makes what has changed since the last step a step. */
  commit() {
    const now = snapshot(this.value);
    if (now === this.committed) return;
    this.past.push(this.committed);
    if (this.past.length > MOST_STEPS) this.past.shift();
    this.future = [];
    this.committed = now;
  }

  undo() {
    this.commit();
    this.step(this.past, this.future);
  }

  redo() {
    this.step(this.future, this.past);
  }

  step(from, to) {
    if (!from.length) return;
    to.push(this.committed);
    this.committed = from.pop();
    Object.assign(this.value, JSON.parse(this.committed));
    this.tell(UNDONE);
  }

  /** Puts a whole state in place, as one step. */
  replace(value) {
    this.value = { ...State.fresh(this.start), ...value };
    this.commit();
    this.tell(Object.keys(this.value));
  }

  tell(keys) {
    this.listeners.forEach((listener) => listener(keys));
  }
}

function snapshot(value) {
  return JSON.stringify(Object.fromEntries(UNDONE.map((key) => [key, value[key]])));
}

/** A state as the part of an address behind `#`. */
export function toAddress(value) {
  const bytes = new TextEncoder().encode(JSON.stringify(value, (_, x) => (typeof x === "number" ? Number(x.toPrecision(7)) : x)));
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** The state in an address; null if there is none that can be read. */
export function fromAddress(hash) {
  try {
    const text = atob(hash.replace(/^#/, "").replaceAll("-", "+").replaceAll("_", "/"));
    return checkedState(JSON.parse(new TextDecoder().decode(Uint8Array.from(text, (c) => c.charCodeAt(0)))));
  } catch {
    return null;
  }
}

/** A state from elsewhere, if it looks like one; null otherwise. */
export function checkedState(value) {
  const isState = value && value.format === 1 && typeof value.at === "object" && value.at
    && Array.isArray(value.kept) && Array.isArray(value.discarded) && typeof value.brush === "object";
  return isState ? value : null;
}
