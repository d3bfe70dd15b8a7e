/** Colors of quantities: maps that color-blind readers can read, and greys for densities. */

/** Viridis in nine steps, by van der Walt and Smith (public domain). */
const VIRIDIS = ["440154", "472d7b", "3b528b", "2c728e", "21918c", "28ae80", "5ec962", "addc30", "fde725"];
/** From blue over white to vermilion, for differences. */
const DIVERGING = ["00466e", "0072b2", "7fb8d8", "f5f5f2", "eaae80", "d55e00", "803800"];

/** The three channels of a color of six hexadecimal digits. */
function channels(hex) {
  return [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

/** 256 colors between some. */
function ramp(stops) {
  const known = stops.map(channels);
  return Array.from({ length: 256 }, (_, i) => {
    const place = (i / 255) * (known.length - 1);
    const below = Math.min(Math.floor(place), known.length - 2);
    const share = place - below;
    return known[below].map((a, c) => Math.round(a + (known[below + 1][c] - a) * share));
  });
}

export const viridis = ramp(VIRIDIS);
export const diverging = ramp(DIVERGING);

/** The color of a share in [0, 1], as CSS; grey for what is not known. */
export function cssColor(share, map = viridis) {
  if (!Number.isFinite(share)) return "#8a8f94";
  const [r, g, b] = map[Math.round(255 * Math.min(1, Math.max(0, share)))];
  return `rgb(${r} ${g} ${b})`;
}

/** Draws a color bar into a canvas. */
export function drawBar(canvas, map = viridis) {
  canvas.width = 256;
  canvas.height = 1;
  const context = canvas.getContext("2d");
  const image = context.createImageData(256, 1);
  map.forEach(([r, g, b], i) => image.data.set([r, g, b, 255], 4 * i));
  context.putImageData(image, 0, 0);
}

/** A color of the style sheet. */
export function themeColor(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
