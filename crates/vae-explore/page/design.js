/** The design that is shown: picture, layers, numbers, and its loads and supports to take hold of. */

import { drawBar, themeColor } from "./colors.js";
import { percent, shown } from "./numbers.js";
import { drawDeformed, paintDensity, paintEverywhere, paintQuantity } from "./picture.js";
import { cornersOf, loadsOf, movedPlace, placeName, turned, withLoad, withSupport } from "./problem.js";

/** What can be shown, by its key: a label, and the layer that the server is asked for. */
export const LAYERS = {
  cut: { label: "Cut", ask: null },
  density: { label: "Density", ask: null },
  stress: { label: "Von Mises", ask: "stress" },
  energy: { label: "Strain energy", ask: "energy" },
  displacement: { label: "Deformed", ask: "displacement" },
  uncertainty: { label: "Uncertainty", ask: "uncertainty" },
};

/** Room for arrows around a design, as a share of its longer side. */
const ROOM = 0.14;
const SVG = "http://www.w3.org/2000/svg";

export class DesignView {
  /** `events`: problem(problem), drop(). */
  constructor(parts, about, events) {
    Object.assign(this, parts, { about, events });
    this.room = Math.round(ROOM * Math.max(about.rows, about.columns));
    const [width, height] = [about.columns + 2 * this.room, about.rows + 2 * this.room];
    this.stage.style.setProperty("--ratio", width / height);
    this.overlay.setAttribute("viewBox", `${-this.room} ${-this.room} ${width} ${height}`);
    this.picture = document.createElement("canvas");
    this.movable = true;
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  /** Takes a frame of the server: a picture, or what mechanics says of it. */
  take({ head, arrays }) {
    if (head.kind === "design") {
      // Layers of another design must not lie on this one.
      this.shown = { head, arrays, judged: null };
      if (this.dragged === undefined) this.drawProblem();
    } else if (head.kind === "judged" && this.shown) {
      this.shown.judged = head;
      Object.assign(this.shown.arrays, arrays);
    }
    this.draw();
    this.drawNumbers();
  }

  setLayer(layer) {
    this.layer = layer;
    this.draw();
  }

  draw() {
    if (!this.shown) return;
    const ratio = window.devicePixelRatio || 1;
    const { canvas, room, about } = this;
    canvas.width = Math.max(1, Math.round(canvas.clientWidth * ratio));
    canvas.height = Math.max(1, Math.round(canvas.clientHeight * ratio));
    const context = canvas.getContext("2d");
    const scale = canvas.width / (about.columns + 2 * room);
    context.setTransform(scale, 0, 0, scale, room * scale, room * scale);
    context.imageSmoothingEnabled = false;
    const note = this.drawLayer(context);
    this.scale.replaceChildren(...note);
    this.canvas.setAttribute("aria-label", this.sentence());
  }

  /** Draws the layer; returns what its scale says. */
  drawLayer(context) {
    const { arrays } = this.shown;
    const { rows, columns } = this.about;
    const put = () => context.drawImage(this.picture, 0, 0, columns, rows);
    const bar = () => {
      const canvas = document.createElement("canvas");
      drawBar(canvas);
      return canvas;
    };
    const plane = arrays[this.layer];
    if (this.layer === "density") {
      paintDensity(this.picture, arrays.density);
      put();
      return [];
    }
    if (this.layer === "displacement" && plane) {
      paintDensity(this.picture, arrays.cut);
      context.globalAlpha = 0.25;
      put();
      context.globalAlpha = 1;
      context.fillStyle = themeColor("--blue");
      const enlarged = drawDeformed(context, arrays.cut, plane);
      return [`displacements × ${shown(enlarged, 2)}`];
    }
    if (this.layer === "uncertainty" && plane) {
      paintEverywhere(this.picture, plane, 0.5);
      put();
      return ["deviation of a pixel 0", bar(), "0.5"];
    }
    if (plane && (this.layer === "stress" || this.layer === "energy")) {
      const top = paintQuantity(this.picture, plane, arrays.cut);
      put();
      return [`${this.layer === "stress" ? "von Mises" : "strain energy"} 0`, bar(), shown(top, 3)];
    }
    paintDensity(this.picture, arrays.cut);
    put();
    return [];
  }

  sentence() {
    const { head, judged } = this.shown;
    const compliance = judged?.known ? `, compliance ${shown(judged.compliance)}` : "";
    return `The design: volume ${shown(head.volume, 3)}${compliance}, trust ${percent(head.trust)}`;
  }

  drawNumbers() {
    const { head, judged } = this.shown;
    const entry = (name, value, { bad = false, small = "" } = {}) => {
      const box = document.createElement("div");
      const [dt, dd] = [document.createElement("dt"), document.createElement("dd")];
      dt.textContent = name;
      dd.append(value);
      if (small) dd.append(Object.assign(document.createElement("small"), { textContent: ` ${small}` }));
      dd.classList.toggle("bad", bad);
      box.append(dt, dd);
      return box;
    };
    const pending = judged === null ? "…" : "–";
    const known = judged?.known;
    const outside = head.distance !== null && head.distance > 1;
    const entries = [
      entry("compliance", known ? shown(judged.compliance ?? Infinity) : pending),
      entry("volume", shown(head.volume, 4)),
      entry("pieces", known ? String(judged.pieces) : pending, { bad: known && judged.pieces > 1 }),
      entry("carries its loads", known ? (judged.carries ? "yes" : "no") : pending, { bad: known && !judged.carries }),
      entry("trust", percent(head.trust), { bad: outside, small: outside ? "outside the region" : "" }),
    ];
    if (head.nearest) entries.push(entry("nearest training design", this.nearest(head.nearest)));
    this.numbers.replaceChildren(...entries);
  }

  nearest({ row, overlap }) {
    const part = document.createDocumentFragment();
    part.append(this.thumbnail(row), `${percent(overlap)} overlap`);
    return part;
  }

  /** Loads as arrows and supports as bars, with handles that can be dragged or moved by keys. */
  drawProblem() {
    const { problem } = this.shown.head;
    const focused = this.overlay.querySelector(":focus")?.dataset.key;
    this.overlay.replaceChildren();
    const { rows, columns } = this.about;
    this.overlay.append(svg("rect", { class: "frame", x: 0, y: 0, width: columns, height: rows }));
    if (!problem) return;
    problem.supports.forEach((support, index) => this.drawSupport(problem, support, index));
    loadsOf(problem).forEach(({ load, path }) => this.drawLoad(problem, load, path));
    if (focused) this.overlay.querySelector(`[data-key="${focused}"]`)?.focus();
  }

  /** The middle of a place, in elements. */
  middle(place, grid) {
    const [[x0, y0], [x1, y1]] = cornersOf(place, grid);
    return [((x0 + x1) / 2) * this.about.columns, ((y0 + y1) / 2) * this.about.rows];
  }

  drawSupport(problem, { at, fix }, index) {
    const { rows, columns } = this.about;
    const thick = 0.025 * Math.max(rows, columns);
    const [[x0, y0], [x1, y1]] = cornersOf(at, problem.grid);
    const bar = svg("rect", {
      class: "support", "stroke-width": 0.2 * thick, rx: 0.3 * thick,
      x: x0 * columns - thick / 2, y: y0 * rows - thick / 2,
      width: (x1 - x0) * columns + thick, height: (y1 - y0) * rows + thick,
    });
    const name = `Support, ${placeName(at, problem.grid)}, holds ${fix}`;
    bar.append(svg("title", {}, name));
    this.overlay.append(bar);
    if (at.edge || !this.movable) {
      bar.classList.add("fixed");
      return;
    }
    this.grip(bar, `s${index}`, name, (by) => withSupport(problem, index, movedPlace(at, problem.grid, by)));
  }

  drawLoad(problem, load, path) {
    const { rows, columns } = this.about;
    const length = 0.11 * Math.max(rows, columns);
    const size = Math.hypot(...load.force) || 1;
    const [x, y] = this.middle(load.at, problem.grid);
    const direction = [load.force[0] / size, -load.force[1] / size];
    const tip = [x + length * direction[0], y + length * direction[1]];
    const thick = 0.011 * Math.max(rows, columns);
    const [[x0, y0], [x1, y1]] = cornersOf(load.at, problem.grid);
    if (x0 !== x1 || y0 !== y1) {
      this.overlay.append(svg("line", { class: "force", "stroke-width": thick, x1: x0 * columns, y1: y0 * rows, x2: x1 * columns, y2: y1 * rows }));
    }
    this.overlay.append(svg("line", { class: "force", "stroke-width": thick, x1: x, y1: y, x2: tip[0] - thick * direction[0], y2: tip[1] - thick * direction[1] }));
    const side = [-direction[1], direction[0]];
    const corner = (along, across) => `${tip[0] + along * direction[0] + across * side[0]},${tip[1] + along * direction[1] + across * side[1]}`;
    const head = svg("polygon", { class: "force-head", points: [corner(2 * thick, 0), corner(-2.4 * thick, 1.9 * thick), corner(-2.4 * thick, -1.9 * thick)].join(" ") });
    this.overlay.append(head);
    const handle = svg("circle", { class: "handle", cx: x, cy: y, r: 1.7 * thick });
    this.overlay.append(handle);
    if (!this.movable) {
      [head, handle].forEach((shape) => shape.classList.add("fixed"));
      return;
    }
    const degrees = ((Math.atan2(-load.force[1], load.force[0]) * 180) / Math.PI).toFixed(0);
    const name = `Load, ${placeName(load.at, problem.grid)}, ${degrees} degrees (90 is down)`;
    handle.append(svg("title", {}, `${name}: drag to move`));
    head.append(svg("title", {}, "Drag to turn the force"));
    this.grip(handle, `l${path.join("-")}`, name, (by) => withLoad(problem, path, { at: movedPlace(load.at, problem.grid, by) }),
      (turn) => withLoad(problem, path, { force: turned(load.force, turn) }));
    this.turn(head, (to) => {
      const angle = Math.atan2(-(to[1] - y), to[0] - x);
      // Whole fives of degrees are easy to meet again.
      const rounded = (Math.round((angle * 180) / Math.PI / 5) * 5 * Math.PI) / 180;
      return withLoad(problem, path, { force: [size * Math.cos(rounded), size * Math.sin(rounded)] });
    });
  }

  /** Lets a shape be moved: `change(by)` is the problem after it, by a distance in relative
   * coordinates; `turn(degrees)` after its force was turned. */
  grip(shape, key, name, change, turn) {
    const { rows, columns } = this.about;
    shape.setAttribute("tabindex", "0");
    shape.setAttribute("role", "slider");
    shape.setAttribute("aria-label", name);
    shape.setAttribute("aria-valuetext", name);
    shape.dataset.key = key;
    this.drag(shape, (from, to) => change([(to[0] - from[0]) / columns, (to[1] - from[1]) / rows]));
    shape.addEventListener("keydown", (event) => {
      const step = event.shiftKey ? 5 : 1;
      const by = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
      const angle = { "[": 5, "]": -5 }[event.key];
      if (by) this.events.problem(change([by[0] / columns, by[1] / rows]));
      else if (angle && turn) this.events.problem(turn(angle));
      else return;
      event.preventDefault();
      event.stopPropagation();
      this.events.drop();
    });
  }

  turn(shape, change) {
    this.drag(shape, (_, to) => change(to));
  }

  drag(shape, change) {
    shape.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const from = this.toElements(event);
      this.dragged = shape;
      // The overlay is drawn again while the finger moves, so the whole of it listens.
      this.overlay.setPointerCapture(event.pointerId);
      const move = (other) => {
        this.events.problem(change(from, this.toElements(other)));
        this.follow();
      };
      const end = () => {
        this.overlay.removeEventListener("pointermove", move);
        this.dragged = undefined;
        this.events.drop();
        this.drawProblem();
      };
      this.overlay.addEventListener("pointermove", move);
      this.overlay.addEventListener("pointerup", end, { once: true });
      this.overlay.addEventListener("pointercancel", end, { once: true });
    });
  }

  /** While a load moves, its arrow moves with the finger and not with the answers. */
  follow() {
    const wanted = this.events.wanted();
    if (!wanted) return;
    const { problem } = this.shown.head;
    this.shown.head.problem = wanted;
    this.drawProblem();
    this.shown.head.problem = problem;
  }

  toElements(event) {
    const box = this.overlay.getBoundingClientRect();
    const width = this.about.columns + 2 * this.room;
    const scale = width / box.width;
    return [(event.clientX - box.left) * scale - this.room, (event.clientY - box.top) * scale - this.room];
  }
}

function svg(name, attributes, text) {
  const element = document.createElementNS(SVG, name);
  Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
  if (text) element.textContent = text;
  return element;
}
