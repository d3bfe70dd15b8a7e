/** Designs as pictures: densities in grey, quantities in color, deformed shapes. */

import { diverging, viridis } from "./colors.js";
import { quantile } from "./numbers.js";

/** Paints values of a design into a canvas, one pixel for each element. */
function paint(canvas, { rows, columns }, color) {
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  const { data } = image;
  for (let i = 0; i < rows * columns; i++) {
    const [r, g, b] = color(i);
    data[4 * i] = r;
    data[4 * i + 1] = g;
    data[4 * i + 2] = b;
    data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  canvas.style.imageRendering = "pixelated";
  return canvas;
}

const GREYS = Array.from({ length: 256 }, (_, i) => [255 - i * 0.9, 255 - i * 0.9, 254 - i * 0.89]);

/** Material dark, void white. */
export function paintDensity(canvas, plane) {
  return paint(canvas, plane, (i) => GREYS[plane.values[i]]);
}

/** A quantity in color where there is material; returns the value of the brightest color. */
export function paintQuantity(canvas, plane, cut) {
  const inside = plane.values.filter((_, i) => cut.values[i] > 127);
  // A few corners carry stresses that would leave the rest dark.
  const top = quantile(inside, 0.99) || 1;
  paint(canvas, plane, (i) => (cut.values[i] > 127
    ? viridis[Math.round(255 * Math.min(1, Math.max(0, plane.values[i] / top)))] : [255, 255, 255]));
  return top;
}

/** A quantity in color everywhere; returns the value of the brightest color. */
export function paintEverywhere(canvas, plane, top) {
  return paint(canvas, plane, (i) => viridis[Math.round(255 * Math.min(1, Math.max(0, plane.values[i] / top)))]);
}

/** What one design has and another has not: only the first blue, only the second vermilion, both
 * grey. */
export function paintDifference(canvas, one, other) {
  return paint(canvas, one, (i) => {
    const [a, b] = [one.values[i] > 127, other.values[i] > 127];
    if (a && b) return [150, 150, 150];
    if (a) return diverging[43];
    return b ? diverging[213] : [255, 255, 255];
  });
}

/** Draws the displaced elements of a cut into a context whose unit is one element; returns by how
 * much displacements are enlarged. */
export function drawDeformed(context, cut, displacement) {
  const { rows, columns } = cut;
  const nodes = columns + 1;
  const u = (row, column) => {
    const at = 2 * (row * nodes + column);
    return [displacement.values[at], displacement.values[at + 1]];
  };
  let largest = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      if (cut.values[row * columns + column] > 127) {
        const [x, y] = u(row, column);
        largest = Math.max(largest, Math.hypot(x, y));
      }
    }
  }
  // The largest displacement is a tenth of the design.
  const scale = largest > 0 ? (0.1 * Math.max(rows, columns)) / largest : 0;
  const node = (row, column) => {
    const [x, y] = u(row, column);
    return [column + scale * x, row - scale * y];
  };
  context.beginPath();
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      if (cut.values[row * columns + column] <= 127) continue;
      context.moveTo(...node(row, column));
      context.lineTo(...node(row, column + 1));
      context.lineTo(...node(row + 1, column + 1));
      context.lineTo(...node(row + 1, column));
      context.closePath();
    }
  }
  context.fill();
  return scale;
}
