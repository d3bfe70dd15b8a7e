/** The source of designs of a page without a server: a grid of decoded designs, and what was kept.
 * What is asked for is answered by the nearest design that the page holds. */

import { parseFrame } from "./frames.js";

export class OfflineSource {
  constructor(text) {
    this.data = JSON.parse(text);
    this.offline = true;
    this.places = this.data.designs.map(({ design }) => design);
  }

  async about() {
    this.about_ = this.data.about;
    await this.readPixels();
    return this.about_;
  }

  async table() {
    this.columns = parseFrame(bytesOf(this.data.table)).arrays;
    this.judged = parseFrame(bytesOf(this.data.results));
    return this.columns;
  }

  /** The thumbnails as numbers. */
  async readPixels() {
    const image = new Image();
    image.src = this.atlas();
    await image.decode();
    const canvas = Object.assign(document.createElement("canvas"), { width: image.naturalWidth, height: image.naturalHeight });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, 0);
    this.pixels = context.getImageData(0, 0, canvas.width, canvas.height);
  }

  async results() {
    const frame = parseFrame(bytesOf(this.data.results));
    // Nothing more will be found.
    frame.head.done = Infinity;
    return frame;
  }

  atlas() {
    return `data:image/png;base64,${this.data.atlas}`;
  }

  saved() {
    return this.data.state;
  }

  design({ design }, onFrame) {
    const asked = performance.now();
    const number = this.nearest(design);
    const frames = number < 0 ? this.stored(design.stored)
      : this.data.designs[number].frames.map((text) => parseFrame(bytesOf(text)));
    frames.forEach((frame) => onFrame(frame, { number, isNewest: true, asked }));
  }

  /** The position of the design that was asked for, or of the nearest decoded one; -1 for a design
   * of the data. */
  nearest(design) {
    const wanted = keyOf(design);
    const same = this.places.findIndex((known) => keyOf(known) === wanted);
    if (same >= 0 || !design.decoded) return same;
    return this.nearestTo(design.decoded.code);
  }

  /** A design of the data, as its thumbnail shows it. */
  stored(row) {
    const { about_: about, columns, judged } = this;
    const { width, height, columns: across } = about.atlas;
    const [left, top] = [(row % across) * width, Math.floor(row / across) * height];
    const density = { rows: about.rows, columns: about.columns, values: new Uint8Array(about.rows * about.columns) };
    density.values.forEach((_, i) => {
      const x = left + Math.floor(((i % about.columns) / about.columns) * width);
      const y = top + Math.floor((Math.floor(i / about.columns) / about.rows) * height);
      density.values[i] = 255 - this.pixels.data[4 * (y * this.pixels.width + x)];
    });
    const part = ({ values, columns: each }) => Array.from(values.subarray(row * each, (row + 1) * each));
    const head = {
      kind: "design", volume: columns.volume.values[row], trust: columns.trust.values[row], distance: null, nearest: null,
      conditions: part(columns.told), code: part(columns.codes), problem: null, outside: 0,
    };
    const compliance = judged.arrays.compliance.values[row];
    return [
      { head, arrays: { density, cut: density } },
      { head: { kind: "judged", known: Number.isFinite(compliance), compliance, pieces: "–", carries: true }, arrays: {} },
    ];
  }

  nearestTo(code) {
    if (!code) return -1;
    let [best, least] = [-1, Infinity];
    this.places.slice(0, this.data.grid).forEach(({ decoded }, k) => {
      const distance = decoded.code.reduce((sum, z, i) => sum + (z - code[i]) ** 2, 0);
      if (distance < least) [best, least] = [k, distance];
    });
    return best;
  }

  async long(path, { design }, onFrame) {
    this.design({ design }, onFrame);
  }

  async file() {
    throw new Error("this page has no program behind it; open the run with vae explore");
  }
}

/** A design as text; the address keeps seven digits of a number, so fewer are compared. */
function keyOf(design) {
  return JSON.stringify(design, (_, value) => (typeof value === "number" ? Number(value.toPrecision(5)) : value));
}

function bytesOf(text) {
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}
