/** Parallel coordinates: each design is a line across its conditions and results; a range on an
 * axis selects designs, here and on the map. */

import { cssColor, themeColor } from "./colors.js";
import { clamp, rangeOf, shown } from "./numbers.js";

const [TOP, BOTTOM, SIDE] = [34, 24, 52];

export class Parallel {
  /** `events`: brush(brush, isDone). */
  constructor(panel, designs, events) {
    Object.assign(this, { panel, designs, events });
    this.canvas = Object.assign(document.createElement("canvas"), { id: "parallel-canvas" });
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", "Parallel coordinates of all designs; the fields below set the same ranges");
    this.count = Object.assign(document.createElement("p"), { className: "hint" });
    this.count.setAttribute("aria-live", "polite");
    this.clear = Object.assign(document.createElement("button"), { textContent: "All designs" });
    this.clear.addEventListener("click", () => this.events.brush({}, true));
    this.fields = Object.assign(document.createElement("div"), { className: "ranges" });
    panel.append(this.canvas, this.count, this.clear, this.fields);
    this.columns = designs.names.map(({ name }) => name);
    this.buildFields();
    this.listen();
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  buildFields() {
    this.inputs = new Map();
    for (const { name, label } of this.designs.names) {
      const set = document.createElement("fieldset");
      set.append(Object.assign(document.createElement("legend"), { textContent: label }));
      const inputs = ["from", "to"].map((end, k) => {
        const input = Object.assign(document.createElement("input"), { type: "number", step: "any", placeholder: end });
        input.setAttribute("aria-label", `${label} ${end}`);
        input.addEventListener("change", () => this.typed(name, k, input.valueAsNumber));
        return input;
      });
      set.append(...inputs);
      this.inputs.set(name, inputs);
      this.fields.append(set);
    }
  }

  typed(name, end, value) {
    const brush = { ...this.brush };
    const range = [...(brush[name] ?? rangeOf(this.designs.column(name)))];
    range[end] = Number.isFinite(value) ? value : rangeOf(this.designs.column(name))[end];
    brush[name] = range[0] <= range[1] ? range : [range[1], range[0]];
    this.events.brush(brush, true);
  }

  show({ brush, selected, color, hidden }) {
    Object.assign(this, { brush, selected, color, hidden });
    for (const [name, inputs] of this.inputs) {
      inputs.forEach((input, k) => {
        if (document.activeElement !== input) input.value = brush[name] ? Number(brush[name][k].toPrecision(4)) : "";
      });
    }
    const total = this.designs.count;
    const number = selected ? selected.reduce((sum, one) => sum + one, 0) : total;
    this.count.textContent = `${number} of ${total} designs selected`;
    this.draw();
  }

  draw() {
    if (this.pending || !this.brush || !this.canvas.clientWidth) return;
    this.pending = requestAnimationFrame(() => {
      this.pending = null;
      this.drawNow();
    });
  }

  place(k) {
    const width = this.canvas.clientWidth - 2 * SIDE;
    return SIDE + (this.columns.length > 1 ? (k / (this.columns.length - 1)) * width : width / 2);
  }

  level(name, value) {
    const [low, high] = this.ranges.get(name);
    const height = this.canvas.clientHeight - TOP - BOTTOM;
    return TOP + height * (1 - (value - low) / (high - low || 1));
  }

  drawNow() {
    const ratio = window.devicePixelRatio || 1;
    const { canvas, designs } = this;
    canvas.width = Math.round(canvas.clientWidth * ratio);
    canvas.height = Math.round(canvas.clientHeight * ratio);
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const values = this.columns.map((name) => designs.column(name));
    this.ranges = new Map(this.columns.map((name, k) => [name, rangeOf(values[k])]));
    const [low, high] = rangeOf(designs.column(this.color));
    const colored = designs.column(this.color);
    const rows = Array.from({ length: designs.count }, (_, row) => row).filter((row) => !this.hidden.has(row));
    const isSelected = (row) => !this.selected || this.selected[row];
    const line = (row) => {
      context.beginPath();
      let drawing = false;
      this.columns.forEach((name, k) => {
        const value = values[k][row];
        if (!Number.isFinite(value)) {
          drawing = false;
          return;
        }
        const at = [this.place(k), this.level(name, value)];
        if (drawing) context.lineTo(...at);
        else context.moveTo(...at);
        drawing = true;
      });
      context.stroke();
    };
    context.lineWidth = 1;
    context.globalAlpha = 0.35;
    context.strokeStyle = themeColor("--grey-point");
    if (this.selected) rows.filter((row) => !isSelected(row)).forEach(line);
    context.globalAlpha = clamp(200 / rows.filter(isSelected).length, 0.06, 0.8);
    rows.filter(isSelected).forEach((row) => {
      context.strokeStyle = cssColor((colored[row] - low) / (high - low || 1));
      line(row);
    });
    context.globalAlpha = 1;
    this.drawAxes(context);
  }

  drawAxes(context) {
    context.font = "12px system-ui, sans-serif";
    context.textAlign = "center";
    this.columns.forEach((name, k) => {
      const x = this.place(k);
      const [low, high] = this.ranges.get(name);
      context.strokeStyle = themeColor("--ink");
      context.fillStyle = themeColor("--ink");
      context.beginPath();
      context.moveTo(x, TOP);
      context.lineTo(x, this.canvas.clientHeight - BOTTOM);
      context.stroke();
      context.fillText(this.designs.label(name), x, 12, 130);
      context.fillStyle = themeColor("--soft");
      context.fillText(shown(high, 3), x, 27);
      context.fillText(shown(low, 3), x, this.canvas.clientHeight - 8);
      const range = this.brush[name];
      if (!range) return;
      const [y0, y1] = [this.level(name, Math.min(range[1], high)), this.level(name, Math.max(range[0], low))];
      context.fillStyle = themeColor("--blue");
      context.globalAlpha = 0.35;
      context.fillRect(x - 7, y0, 14, Math.max(3, y1 - y0));
      context.globalAlpha = 1;
    });
  }

  listen() {
    const value = (name, y) => {
      const [low, high] = this.ranges.get(name);
      const height = this.canvas.clientHeight - TOP - BOTTOM;
      return low + (high - low) * clamp(1 - (y - TOP) / height, 0, 1);
    };
    this.canvas.addEventListener("pointerdown", (event) => {
      const box = this.canvas.getBoundingClientRect();
      const [x, y] = [event.clientX - box.left, event.clientY - box.top];
      const k = this.columns.map((_, i) => Math.abs(this.place(i) - x)).reduce((best, d, i, all) => (d < all[best] ? i : best), 0);
      const name = this.columns[k];
      this.canvas.setPointerCapture(event.pointerId);
      let moved = false;
      const from = value(name, y);
      const move = (other) => {
        const to = value(name, other.clientY - box.top);
        moved ||= Math.abs(other.clientY - event.clientY) > 3;
        if (moved) this.events.brush({ ...this.brush, [name]: [Math.min(from, to), Math.max(from, to)] }, false);
      };
      const end = () => {
        this.canvas.removeEventListener("pointermove", move);
        const brush = { ...this.brush };
        // A click takes the range of its axis away.
        if (!moved) delete brush[name];
        this.events.brush(brush, true);
      };
      this.canvas.addEventListener("pointermove", move);
      this.canvas.addEventListener("pointerup", end, { once: true });
      this.canvas.addEventListener("pointercancel", end, { once: true });
    });
  }
}
