/** Numbers as people read them, and small arithmetic. */

/** A number with so many significant digits; a dash for what is not known. */
export function shown(value, digits = 4) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return "∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return value.toExponential(digits - 1);
  return value.toFixed(Math.max(0, digits - 1 - Math.floor(Math.log10(size))));
}

/** A share as a percentage. */
export function percent(share, digits = 0) {
  return share === null || share === undefined || Number.isNaN(share)
    ? "–" : `${(100 * share).toFixed(digits)} %`;
}

/** A relative difference with its sign. */
export function relative(value, reference) {
  if (!Number.isFinite(value) || !Number.isFinite(reference) || reference === 0) return "";
  const change = value / reference - 1;
  return `${change < 0 ? "−" : "+"}${(100 * Math.abs(change)).toFixed(1)} %`;
}

/** Smallest and largest of the finite values; [0, 1] if there are none. */
export function rangeOf(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (Number.isFinite(value)) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return low <= high ? [low, high] : [0, 1];
}

/** The value below which a share of the finite values lies. */
export function quantile(values, share) {
  const finite = Array.from(values).filter(Number.isFinite).sort((a, b) => a - b);
  if (!finite.length) return NaN;
  return finite[Math.min(finite.length - 1, Math.max(0, Math.round(share * (finite.length - 1))))];
}

export function clamp(value, low, high) {
  return Math.min(high, Math.max(low, value));
}

export function dot(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
