/** The problem of a design: places of loads and supports, moved and turned. Relative coordinates, x
 * to the right and y down from the top; forces have y up. */

import { clamp } from "./numbers.js";

/** Upper left and lower right corner of a place. */
export function cornersOf(place, grid) {
  const on = (side, from, to) => ({
    left: [[0, from], [0, to]], right: [[1, from], [1, to]], top: [[from, 0], [to, 0]], bottom: [[from, 1], [to, 1]],
  })[side];
  if (place.point) return [place.point, place.point];
  if (place.node) {
    const at = [place.node[0] / grid.nelx, place.node[1] / grid.nely];
    return [at, at];
  }
  if (place.edge) return on(place.edge, 0, 1);
  if (place.segment) return on(place.segment.side, place.segment.from, place.segment.to);
  return [place.area.min, place.area.max];
}

/** A place moved by a distance, as far as the domain allows: a part of a side stays on its side. */
export function movedPlace(place, grid, [dx, dy]) {
  if (place.edge) return place;
  if (place.segment) {
    const { side, from, to } = place.segment;
    const by = clamp(side === "left" || side === "right" ? dy : dx, -from, 1 - to);
    return { segment: { side, from: from + by, to: to + by } };
  }
  const [[x0, y0], [x1, y1]] = cornersOf(place, grid);
  const by = [clamp(dx, -x0, 1 - x1), clamp(dy, -y0, 1 - y1)];
  if (place.area) return { area: { min: [x0 + by[0], y0 + by[1]], max: [x1 + by[0], y1 + by[1]] } };
  return { point: [x0 + by[0], y0 + by[1]] };
}

/** The sentence of a place. */
export function placeName(place, grid) {
  if (place.edge) return `the ${place.edge} side`;
  const [[x0, y0], [x1, y1]] = cornersOf(place, grid);
  return `x ${((x0 + x1) / 2).toFixed(2)}, y ${((y0 + y1) / 2).toFixed(2)}`;
}

/** The loads of a problem, each with its position in it. */
export function loadsOf(problem) {
  return problem.load_cases.flatMap((one, i) => one.loads.map((load, j) => ({ load, path: [i, j] })));
}

/** The problem with one load changed. */
export function withLoad(problem, [i, j], change) {
  const copy = structuredClone(problem);
  Object.assign(copy.load_cases[i].loads[j], change);
  return copy;
}

/** The problem with one support moved. */
export function withSupport(problem, index, at) {
  const copy = structuredClone(problem);
  copy.supports[index].at = at;
  return copy;
}

/** A force turned by an angle in degrees, counterclockwise. */
export function turned([x, y], degrees) {
  const angle = (degrees * Math.PI) / 180;
  return [x * Math.cos(angle) - y * Math.sin(angle), x * Math.sin(angle) + y * Math.cos(angle)];
}
