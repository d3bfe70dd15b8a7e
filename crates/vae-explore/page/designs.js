/** All designs of the map as columns of numbers, by name. */

export class Designs {
  constructor(about, table) {
    this.about = about;
    this.table = table;
    this.count = about.designs;
    this.judged = 0;
    const unknown = () => new Float32Array(this.count).fill(NaN);
    this.results = { compliance: unknown(), novelty: unknown() };
    this.names = [
      { name: "trust", label: "trust" },
      { name: "compliance", label: "compliance" },
      { name: "volume", label: "volume" },
      { name: "novelty", label: "novelty" },
      ...about.conditions.map(({ name, unit }, k) => ({ name: `condition:${k}`, label: unit ? `${name} [${unit}]` : name })),
    ];
  }

  /** The values of a column, one for each design. */
  column(name) {
    if (name === "trust" || name === "volume") return this.table[name].values;
    if (this.results[name]) return this.results[name];
    const { values, columns } = this.table.conditions;
    const k = Number(name.split(":")[1]);
    return Float32Array.from({ length: this.count }, (_, row) => values[row * columns + k]);
  }

  label(name) {
    return this.names.find((known) => known.name === name)?.label ?? name;
  }

  /** Position of a design in the data. */
  position(row) {
    return this.table.position.values[row];
  }

  code(row) {
    const { values, columns } = this.table.codes;
    return Array.from(values.subarray(row * columns, (row + 1) * columns));
  }

  told(row) {
    const { values, columns } = this.table.told;
    return Array.from(values.subarray(row * columns, (row + 1) * columns));
  }

  /** Takes what mechanics has found so far. */
  learn({ head, arrays }) {
    this.judged = head.done;
    this.results = { compliance: finite(arrays.compliance.values), novelty: arrays.novelty.values };
  }

  /** Which designs are inside all ranges; null if nothing is brushed. */
  selected(brush) {
    const ranges = Object.entries(brush);
    if (!ranges.length) return null;
    const inside = new Uint8Array(this.count).fill(1);
    for (const [name, [low, high]] of ranges) {
      const values = this.column(name);
      for (let row = 0; row < this.count; row++) {
        if (!(low <= values[row] && values[row] <= high)) inside[row] = 0;
      }
    }
    return inside;
  }

  /** A thumbnail of a design as a canvas. */
  thumbnail(row, atlas) {
    const { width, height, columns } = this.about.atlas;
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    if (atlas.complete && atlas.naturalWidth) {
      canvas.getContext("2d").drawImage(atlas, (row % columns) * width, Math.floor(row / columns) * height, width, height, 0, 0, width, height);
    }
    return canvas;
  }
}

function finite(values) {
  return values.map((value) => (Number.isFinite(value) ? value : NaN));
}
