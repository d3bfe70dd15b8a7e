/** Where designs lie: axes of the map, codes at places of the map, the trust region. */

import { dot } from "./numbers.js";

/** The axes that a map of this run can have: name, label, and what it is along. */
export function axesOf(about) {
  const principal = about.axes.directions.map((direction, k) => ({
    name: `p${k}`, label: `principal axis ${k + 1} (${(100 * about.axes.shares[k]).toFixed(0)} %)`,
    kind: "principal", direction, mean: about.axes.mean,
  }));
  const latent = byVariance(about).map((k) => ({
    name: `z${k}`, label: `latent z${k + 1}`, kind: "latent", dimension: k,
    direction: Array.from({ length: about.latent }, (_, i) => (i === k ? 1 : 0)), mean: new Array(about.latent).fill(0),
  }));
  const conditions = about.told.map((known, column) => ({
    name: `c${column}`, label: known.unit ? `${known.name} [${known.unit}]` : known.name,
    kind: "condition", column, low: known.min, high: known.max,
  }));
  return [...principal, ...latent, ...conditions];
}

/** Latent dimensions, the one of largest variance first. */
export function byVariance(about) {
  return about.variances.map((_, k) => k).sort((a, b) => about.variances[b] - about.variances[a]);
}

/** The coordinate of a code and conditions along an axis. */
export function coordinate(axis, code, conditions) {
  if (axis.kind === "condition") return conditions[axis.column];
  let sum = 0;
  for (let i = 0; i < code.length; i++) sum += (code[i] - axis.mean[i]) * axis.direction[i];
  return sum;
}

/** Code and conditions moved so that their coordinates along two axes are `x` and `y`; everything
 * across the two stays. */
export function movedTo(axes, [x, y], code, conditions) {
  const moved = { code: [...code], conditions: [...conditions] };
  const wanted = [x, y];
  const linear = [0, 1].filter((k) => axes[k].kind !== "condition");
  [0, 1].filter((k) => axes[k].kind === "condition").forEach((k) => {
    const { column, low, high } = axes[k];
    moved.conditions[column] = Math.min(high, Math.max(low, wanted[k]));
  });
  if (!linear.length) return moved;
  const by = linear.map((k) => wanted[k] - coordinate(axes[k], code, conditions));
  // Two axes need not be orthogonal: a principal one and a latent one.
  const overlap = linear.length === 2 ? dot(axes[0].direction, axes[1].direction) : 0;
  const scale = 1 - overlap * overlap;
  const steps = linear.length === 2 && scale > 1e-6
    ? [(by[0] - overlap * by[1]) / scale, (by[1] - overlap * by[0]) / scale]
    : by.map((step, i) => (i ? 0 : step));
  linear.forEach((k, i) => {
    axes[k].direction.forEach((d, j) => { moved.code[j] += steps[i] * d; });
  });
  return moved;
}

/** Where the trust region meets the plane of the map through a code: center and half axes of an
 * ellipse in coordinates of the map; null without a region, or where the plane misses it. */
export function regionOnMap(about, axes, code, conditions) {
  const { region } = about;
  if (!region || axes.some((axis) => axis.kind === "condition")) return null;
  const whitened = (z) => region.offset.map((b, i) => b + z.reduce((sum, value, j) => sum + region.columns[j][i] * value, 0));
  const at = (x, y) => whitened(movedTo(axes, [x, y], code, conditions).code);
  const origin = at(0, 0);
  const along = [at(1, 0), at(0, 1)].map((u) => u.map((value, i) => value - origin[i]));
  // |origin + x a + y b|² = r²
  const [aa, ab, bb] = [dot(along[0], along[0]), dot(along[0], along[1]), dot(along[1], along[1])];
  const [ao, bo, oo] = [dot(along[0], origin), dot(along[1], origin), dot(origin, origin)];
  const determinant = aa * bb - ab * ab;
  if (determinant < 1e-12) return null;
  const center = [(-ao * bb + bo * ab) / determinant, (-bo * aa + ao * ab) / determinant];
  const rest = region.radius ** 2 - (oo + ao * center[0] + bo * center[1]);
  if (rest <= 0) return null;
  // Half axes from the eigenvalues of [[aa, ab], [ab, bb]].
  const middle = (aa + bb) / 2;
  const apart = Math.hypot((aa - bb) / 2, ab);
  const angle = 0.5 * Math.atan2(2 * ab, aa - bb);
  return { center, radii: [Math.sqrt(rest / (middle + apart)), Math.sqrt(rest / Math.max(1e-12, middle - apart))], angle };
}
