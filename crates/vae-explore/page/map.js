/** The map: all designs as points and thumbnails, the trust region, and the place of the design
 * that is shown. Thousands stay fluid because points and thumbnails are drawn once for each view,
 * and only what moves is drawn for each frame. */

import { cssColor, drawBar, themeColor } from "./colors.js";
import { clamp, rangeOf, shown } from "./numbers.js";
import { coordinate, regionOnMap } from "./space.js";

const MARGIN = 36;
/** A press that moves less than this many pixels is a click. */
const CLICK = 4;

export class DesignMap {
  /** `events`: drag(x, y), drop(), take(row), view(view). */
  constructor(canvas, legend, designs, events) {
    Object.assign(this, { canvas, legend, designs, events });
    this.context = canvas.getContext("2d");
    this.layer = document.createElement("canvas");
    this.atlas = new Image();
    this.atlas.onload = () => this.redraw();
    this.pointers = new Map();
    this.hidden = new Set();
    this.selected = null;
    this.kept = [];
    new ResizeObserver(() => this.redraw()).observe(canvas);
    this.listen();
  }

  /** Axes, colors and what is selected; `view` null shows everything. */
  configure({ axes, color, selected, hidden, kept, view }) {
    const { codes, told } = this.designs.table;
    const [z, c] = [codes.columns, told.columns];
    this.axes = axes;
    this.color = color;
    this.selected = selected;
    this.hidden = hidden;
    this.kept = kept;
    this.x = new Float32Array(this.designs.count);
    this.y = new Float32Array(this.designs.count);
    for (let row = 0; row < this.designs.count; row++) {
      const code = codes.values.subarray(row * z, (row + 1) * z);
      const conditions = told.values.subarray(row * c, (row + 1) * c);
      this.x[row] = coordinate(axes[0], code, conditions);
      this.y[row] = coordinate(axes[1], code, conditions);
    }
    // Conditions take few values: rows of points are loosened, so that none hides another.
    [["x", 0], ["y", 1]].forEach(([key, k]) => {
      if (axes[k].kind === "condition") loosen(this[key]);
    });
    this.bounds = [rangeOf(this.x), rangeOf(this.y)];
    const isPlane = axes.every((axis) => axis.kind !== "condition");
    this.populated = isPlane ? ellipseOf(this.x, this.y) : null;
    this.view = view ?? this.fitted();
    this.drawLegend();
    this.redraw();
  }

  /** The view of everything. */
  fitted() {
    const [[x0, x1], [y0, y1]] = this.bounds;
    return { x: (x0 + x1) / 2, y: (y0 + y1) / 2, width: 1.06 * (x1 - x0) || 1, height: 1.06 * (y1 - y0) || 1 };
  }

  /** Where the design that is shown lies, and what it is. */
  place(code, conditions, isTrusted) {
    this.now = { code, conditions, isTrusted };
    this.draw();
  }

  toPixel(x, y) {
    const { width, height } = this.size;
    return [
      MARGIN + ((x - this.view.x) / this.view.width + 0.5) * (width - 2 * MARGIN),
      MARGIN + (0.5 - (y - this.view.y) / this.view.height) * (height - 2 * MARGIN),
    ];
  }

  fromPixel(px, py) {
    const { width, height } = this.size;
    return [
      this.view.x + ((px - MARGIN) / (width - 2 * MARGIN) - 0.5) * this.view.width,
      this.view.y + (0.5 - (py - MARGIN) / (height - 2 * MARGIN)) * this.view.height,
    ];
  }

  get size() {
    return { width: this.canvas.clientWidth || 300, height: this.canvas.clientHeight || 200 };
  }

  zoom(factor, at = null) {
    const { width, height } = this.size;
    const [px, py] = at ?? [width / 2, height / 2];
    const [x, y] = this.fromPixel(px, py);
    const [full] = [this.fitted()];
    const share = clamp((this.view.width * factor) / full.width, 0.004, 4);
    const by = (share * full.width) / this.view.width;
    this.view = { x: x + (this.view.x - x) * by, y: y + (this.view.y - y) * by, width: this.view.width * by, height: this.view.height * by };
    this.viewChanged();
  }

  pan(dx, dy) {
    const { width, height } = this.size;
    this.view.x -= (dx / (width - 2 * MARGIN)) * this.view.width;
    this.view.y += (dy / (height - 2 * MARGIN)) * this.view.height;
    this.viewChanged();
  }

  viewChanged() {
    this.redraw();
    this.events.view(this.view);
  }

  showAll() {
    this.view = this.fitted();
    this.redraw();
    this.events.view(null);
  }

  /** The design nearest to a place in pixels, if one is near enough. */
  nearest(px, py, reach = 24) {
    let [best, least] = [-1, reach * reach];
    for (let row = 0; row < this.designs.count; row++) {
      if (this.hidden.has(row)) continue;
      const [x, y] = this.toPixel(this.x[row], this.y[row]);
      const distance = (x - px) ** 2 + (y - py) ** 2;
      if (distance < least) [best, least] = [row, distance];
    }
    return best;
  }

  /** Draws points and thumbnails again, in the next frame. */
  redraw() {
    this.stale = true;
    this.draw();
  }

  draw() {
    if (this.pending || !this.axes) return;
    this.pending = requestAnimationFrame(() => {
      this.pending = null;
      if (this.stale) this.drawLayer();
      this.stale = false;
      this.drawNow();
    });
  }

  drawLayer() {
    const ratio = window.devicePixelRatio || 1;
    const { width, height } = this.size;
    for (const canvas of [this.canvas, this.layer]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    const context = this.layer.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    this.drawAxes(context, width, height);
    const grey = themeColor("--grey-point");
    const colors = this.colors();
    const inside = [];
    for (let row = 0; row < this.designs.count; row++) {
      if (this.hidden.has(row)) continue;
      const [px, py] = this.toPixel(this.x[row], this.y[row]);
      if (px > -40 && py > -40 && px < width + 40 && py < height + 40) inside.push([row, px, py]);
    }
    const isSelected = (row) => !this.selected || this.selected[row];
    // What is not selected lies below.
    inside.sort((a, b) => isSelected(a[0]) - isSelected(b[0]));
    const radius = inside.length > 1500 ? 2 : 3;
    for (const [row, px, py] of inside) {
      context.fillStyle = isSelected(row) ? colors(row) : grey;
      context.fillRect(px - radius, py - radius, 2 * radius, 2 * radius);
    }
    this.drawThumbnails(context, inside.filter(([row]) => isSelected(row)), colors, width, height);
    for (const { code, conditions } of this.kept) {
      const [px, py] = this.toPixel(coordinate(this.axes[0], code, conditions), coordinate(this.axes[1], code, conditions));
      star(context, px, py, 8, themeColor("--red"), themeColor("--card"));
    }
  }

  /** Thumbnails where they do not hide each other; the closer one looks, the larger they are. */
  drawThumbnails(context, inside, colors, width, height) {
    if (!this.atlas.complete || !this.atlas.naturalWidth) return;
    const { atlas } = this.designs.about;
    const share = inside.length ? Math.sqrt((width * height) / inside.length) : 100;
    const size = clamp(share * 0.9, 34, 112);
    const scale = size / Math.max(atlas.width, atlas.height);
    const [w, h] = [atlas.width * scale, atlas.height * scale];
    const taken = new Set();
    context.imageSmoothingEnabled = true;
    context.lineWidth = 1.5;
    for (const [row, px, py] of inside) {
      const [column, line] = [Math.floor(px / (w + 8)), Math.floor(py / (h + 8))];
      const key = line * 1000 + column;
      if (taken.has(key)) continue;
      // Each cell of a coarse grid shows its first design, in its own place as far as neighbors
      // leave room.
      taken.add(key);
      const [x, y] = [clamp(px - w / 2, column * (w + 8), column * (w + 8) + 8), clamp(py - h / 2, line * (h + 8), line * (h + 8) + 8)];
      const sx = (row % atlas.columns) * atlas.width;
      const sy = Math.floor(row / atlas.columns) * atlas.height;
      context.drawImage(this.atlas, sx, sy, atlas.width, atlas.height, x, y, w, h);
      context.strokeStyle = colors(row);
      context.strokeRect(x, y, w, h);
    }
  }

  drawAxes(context, width, height) {
    context.fillStyle = themeColor("--soft");
    context.font = "12px system-ui, sans-serif";
    context.textAlign = "center";
    context.fillText(this.axes[0].label, width / 2, height - 8);
    context.save();
    context.translate(12, height / 2);
    context.rotate(-Math.PI / 2);
    context.fillText(this.axes[1].label, 0, 0);
    context.restore();
    const [x0, y0] = this.fromPixel(MARGIN, height - MARGIN);
    const [x1, y1] = this.fromPixel(width - MARGIN, MARGIN);
    context.font = "11px system-ui, sans-serif";
    context.fillText(shown(x0, 3), MARGIN, height - 8);
    context.fillText(shown(x1, 3), width - MARGIN - 4, height - 8);
    context.textAlign = "left";
    context.fillText(shown(y0, 3), 3, height - MARGIN);
    context.fillText(shown(y1, 3), 3, MARGIN + 12);
  }

  /** The trust region and the place of the design that is shown. */
  drawNow() {
    const ratio = window.devicePixelRatio || 1;
    const { width, height } = this.size;
    const { context } = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    context.drawImage(this.layer, 0, 0);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    if (!this.now) return;
    const { code, conditions, isTrusted } = this.now;
    this.drawRegion(context, code, conditions, width, height);
    const [x, y] = this.axes.map((axis) => coordinate(axis, code, conditions));
    const [px, py] = this.toPixel(x, y);
    context.strokeStyle = themeColor("--card");
    context.lineWidth = 5;
    ring(context, px, py);
    context.strokeStyle = isTrusted === false ? themeColor("--red") : themeColor("--blue");
    context.lineWidth = 2.5;
    ring(context, px, py);
  }

  drawRegion(context, code, conditions, width, height) {
    const region = regionOnMap(this.designs.about, this.axes, code, conditions);
    if (this.populated) {
      this.trace(context, this.populated);
      context.lineWidth = 1;
      context.strokeStyle = themeColor("--soft");
      context.stroke();
      shade(context, width, height, 0.05);
    }
    if (!region) return;
    this.trace(context, region);
    context.lineWidth = 2;
    context.setLineDash([7, 4]);
    context.strokeStyle = themeColor("--blue");
    context.stroke();
    context.setLineDash([]);
    shade(context, width, height, 0.12);
  }

  /** The path of an ellipse in coordinates of the map. */
  trace(context, region) {
    const [cx, cy] = this.toPixel(...region.center);
    const unit = [this.toPixel(1, 0)[0] - this.toPixel(0, 0)[0], this.toPixel(0, 1)[1] - this.toPixel(0, 0)[1]];
    context.beginPath();
    for (let k = 0; k <= 120; k++) {
      const t = (k / 120) * 2 * Math.PI;
      const [a, b] = [region.radii[0] * Math.cos(t), region.radii[1] * Math.sin(t)];
      const dx = a * Math.cos(region.angle) - b * Math.sin(region.angle);
      const dy = a * Math.sin(region.angle) + b * Math.cos(region.angle);
      const [px, py] = [cx + dx * unit[0], cy + dy * unit[1]];
      if (k) context.lineTo(px, py);
      else context.moveTo(px, py);
    }
    context.closePath();
  }

  /** The color of each design. */
  colors() {
    const { values, low, high } = this.colored();
    const span = high - low || 1;
    return (row) => cssColor((values[row] - low) / span);
  }

  colored() {
    const values = this.designs.column(this.color);
    const [low, high] = rangeOf(values);
    return { values, low, high };
  }

  drawLegend() {
    const { low, high } = this.colored();
    const bar = document.createElement("canvas");
    drawBar(bar);
    this.legend.replaceChildren(`${this.designs.label(this.color)} ${shown(low, 3)}`, bar, shown(high, 3));
  }

  listen() {
    const { canvas } = this;
    const at = (event) => {
      const box = canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      canvas.focus({ preventScroll: true });
      this.pointers.set(event.pointerId, at(event));
      this.pressed = { at: at(event), moved: false, pans: event.shiftKey || event.button !== 0 };
    });
    canvas.addEventListener("pointermove", (event) => {
      const known = this.pointers.get(event.pointerId);
      if (!known) return;
      const [px, py] = at(event);
      if (this.pointers.size === 2) {
        this.pinch(event.pointerId, [px, py]);
        return;
      }
      if (Math.hypot(px - this.pressed.at[0], py - this.pressed.at[1]) > CLICK) this.pressed.moved = true;
      this.pointers.set(event.pointerId, [px, py]);
      if (!this.pressed.moved) return;
      if (this.pressed.pans) this.pan(px - known[0], py - known[1]);
      else this.events.drag(...this.fromPixel(px, py));
    });
    const release = (event) => {
      if (!this.pointers.delete(event.pointerId)) return;
      if (this.pointers.size || this.pressed.pinched) {
        this.pressed.pinched = this.pointers.size > 0;
        return;
      }
      if (this.pressed.moved) this.events.drop();
      else if (!this.pressed.pans) this.click(at(event));
    };
    canvas.addEventListener("pointerup", release);
    canvas.addEventListener("pointercancel", release);
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(Math.exp(clamp(event.deltaY, -120, 120) / 400), at(event));
    }, { passive: false });
  }

  click([px, py]) {
    const row = this.nearest(px, py);
    if (row >= 0) this.events.take(row);
    else {
      this.events.drag(...this.fromPixel(px, py));
      this.events.drop();
    }
  }

  /** Two fingers move and zoom the map. */
  pinch(id, to) {
    const [other] = [...this.pointers.entries()].filter(([key]) => key !== id).map(([, place]) => place);
    const from = this.pointers.get(id);
    const apart = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]) || 1;
    const middle = [(to[0] + other[0]) / 2, (to[1] + other[1]) / 2];
    this.pan((to[0] - from[0]) / 2, (to[1] - from[1]) / 2);
    this.zoom(apart(from, other) / apart(to, other), middle);
    this.pointers.set(id, to);
    this.pressed.pinched = true;
  }
}

/** Darkens everything outside of the current path: where nothing was learned. */
function shade(context, width, height, strength) {
  context.save();
  context.rect(width, 0, -width, height);
  context.globalAlpha = strength;
  context.fillStyle = themeColor("--ink");
  context.fill("evenodd");
  context.restore();
}

/** The ellipse, shaped as the covariance of some points, that holds 95 % of them; null for points
 * on a line. */
function ellipseOf(xs, ys) {
  const n = xs.length;
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / n;
  const [mx, my] = [mean(xs), mean(ys)];
  let [xx, xy, yy] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [dx, dy] = [xs[i] - mx, ys[i] - my];
    xx += (dx * dx) / n;
    xy += (dx * dy) / n;
    yy += (dy * dy) / n;
  }
  const determinant = xx * yy - xy * xy;
  if (!(determinant > 1e-12)) return null;
  const distances = Float64Array.from(xs, (x, i) => {
    const [dx, dy] = [x - mx, ys[i] - my];
    return (yy * dx * dx - 2 * xy * dx * dy + xx * dy * dy) / determinant;
  }).sort();
  const square = distances[Math.min(n - 1, Math.ceil(0.95 * n))];
  const [middle, apart] = [(xx + yy) / 2, Math.hypot((xx - yy) / 2, xy)];
  return {
    center: [mx, my],
    radii: [Math.sqrt(square * (middle + apart)), Math.sqrt(square * Math.max(0, middle - apart))],
    angle: 0.5 * Math.atan2(2 * xy, xx - yy),
  };
}

function ring(context, x, y) {
  context.beginPath();
  context.arc(x, y, 9, 0, 2 * Math.PI);
  context.moveTo(x - 15, y);
  context.lineTo(x - 4, y);
  context.moveTo(x + 4, y);
  context.lineTo(x + 15, y);
  context.moveTo(x, y - 15);
  context.lineTo(x, y - 4);
  context.moveTo(x, y + 4);
  context.lineTo(x, y + 15);
  context.stroke();
}

function star(context, x, y, size, fill, edge) {
  context.beginPath();
  for (let k = 0; k < 10; k++) {
    const radius = k % 2 ? size * 0.45 : size;
    const angle = (k * Math.PI) / 5 - Math.PI / 2;
    context.lineTo(x + radius * Math.cos(angle), y + radius * Math.sin(angle));
  }
  context.closePath();
  context.fillStyle = fill;
  context.strokeStyle = edge;
  context.lineWidth = 1.5;
  context.fill();
  context.stroke();
}

/** Spreads equal values over a part of the distance to the next, always in the same way. */
function loosen(values) {
  const known = [...new Set(values)].sort((a, b) => a - b);
  const gaps = known.slice(1).map((value, i) => value - known[i]);
  const step = Math.min(...gaps, known.length > 1 ? (known[known.length - 1] - known[0]) / 6 : 1);
  values.forEach((value, row) => {
    const hash = Math.imul(row + 1, 2654435761) >>> 0;
    values[row] = value + (hash / 2 ** 32 - 0.5) * 0.8 * step;
  });
}
