/** Sliders for conditions and latent dimensions, each above a strip of what it does. */

import { shown } from "./numbers.js";
import { paintDensity } from "./picture.js";
import { byVariance } from "./space.js";

/** Dimensions that get a slider at first; the others are one click away. */
const FIRST = 9;
/** A latent dimension goes so many deviations of the prior to each side, as its strip does. */
const REACH = 2.5;

export class Sliders {
  /** `events`: move({ code } or { conditions, column }), drop(). */
  constructor(panel, about, events) {
    Object.assign(this, { panel, about, events });
    this.all = false;
    this.changes = new Map();
    this.strips = new Map();
    this.boxes = new Map();
    this.grid = Object.assign(document.createElement("div"), { className: "sliders" });
    this.more = Object.assign(document.createElement("button"), { textContent: "All latent dimensions" });
    this.more.addEventListener("click", () => {
      this.all = !this.all;
      this.more.textContent = this.all ? "Only the first" : "All latent dimensions";
      this.build();
      events.strips();
    });
    panel.append(this.grid, this.more);
    this.more.hidden = about.latent <= FIRST;
    this.build();
  }

  /** The dimensions that are shown. */
  dimensions() {
    const known = byVariance(this.about);
    return this.all ? known : known.slice(0, FIRST);
  }

  build() {
    const keys = [...this.about.told.map((_, k) => `c${k}`), ...this.dimensions().map((k) => `z${k}`)];
    keys.forEach((key) => {
      if (!this.boxes.has(key)) this.boxes.set(key, this.box(key));
    });
    this.order(keys);
  }

  /** Conditions first, each group sorted by what it changes. */
  order(keys = [...this.grid.children].map((box) => box.dataset.key)) {
    const sorted = [...keys].sort((a, b) => a[0].localeCompare(b[0]) || (this.changes.get(b) ?? 0) - (this.changes.get(a) ?? 0));
    // A slider that is being dragged stays where it is.
    if (this.grid.contains(document.activeElement) && this.grid.children.length === sorted.length) return;
    this.grid.replaceChildren(...sorted.map((key) => this.boxes.get(key)));
  }

  box(key) {
    const k = Number(key.slice(1));
    const isCondition = key[0] === "c";
    const known = isCondition ? this.about.told[k] : { name: `z${k + 1}`, unit: "", min: -REACH, max: REACH };
    const box = Object.assign(document.createElement("div"), { className: "slider" });
    box.dataset.key = key;
    const label = document.createElement("label");
    const input = Object.assign(document.createElement("input"), { type: "range", min: known.min, max: known.max, step: "any" });
    input.id = `slider-${key}`;
    label.htmlFor = input.id;
    const output = document.createElement("output");
    label.append(known.unit ? `${known.name} [${known.unit}]` : known.name, output);
    const strip = document.createElement("canvas");
    strip.setAttribute("aria-hidden", "true");
    // As high as its pictures will be.
    [strip.width, strip.height] = [5 * this.about.columns, this.about.rows];
    input.addEventListener("input", () => {
      output.textContent = shown(input.valueAsNumber, 3);
      this.events.move(isCondition ? { column: k, value: input.valueAsNumber } : { dimension: k, value: input.valueAsNumber });
    });
    input.addEventListener("change", () => this.events.drop());
    input.addEventListener("keydown", (event) => {
      // The steps of `any` are a hundredth; arrows are wanted coarser, and Shift finer.
      const sign = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
      if (!sign) return;
      event.preventDefault();
      event.stopPropagation();
      input.value = input.valueAsNumber + (sign * (known.max - known.min)) / (event.shiftKey ? 200 : 40);
      input.dispatchEvent(new Event("input"));
      this.events.drop();
    });
    box.append(label, input, strip);
    Object.assign(box, { input, output, strip });
    return box;
  }

  /** Shows code and conditions. */
  show(code, conditions) {
    for (const [key, { input, output }] of this.boxes) {
      const value = key[0] === "c" ? conditions[Number(key.slice(1))] : code[Number(key.slice(1))];
      if (document.activeElement !== input || !input.matches(":active")) input.value = value;
      output.textContent = shown(value, 3);
    }
  }

  /** Takes the strip of a condition or a dimension. */
  strip({ head, arrays }) {
    const key = head.condition !== undefined ? `c${head.condition}` : `z${head.dimension}`;
    const box = this.boxes.get(key);
    if (!box) return;
    this.changes.set(key, head.change);
    const { rows, columns, values } = arrays.pictures;
    const each = this.about.rows;
    const count = rows / each;
    const side = { rows: each, columns: columns * count, values: new Uint8Array(rows * columns) };
    for (let i = 0; i < count; i++) {
      for (let y = 0; y < each; y++) {
        const from = (i * each + y) * columns;
        side.values.set(values.subarray(from, from + columns), y * side.columns + i * columns);
      }
    }
    paintDensity(box.strip, side);
    box.title = `changes ${shown(100 * head.change, 3)} % of the design from one end to the other`;
  }
}
