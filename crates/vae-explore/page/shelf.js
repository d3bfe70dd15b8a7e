/** The shelf: designs that were kept, compared side by side, and exported. */

import { relative, shown } from "./numbers.js";
import { paintDensity, paintDifference } from "./picture.js";

/** Formats of the export, as the program names them. */
const FORMATS = [
  ["csv", "Table (CSV)"], ["npz", "Arrays (NPZ)"], ["dxf", "DXF"], ["stl", "STL"], ["svg", "SVG"], ["sheet", "Sheet (PNG)"],
];
const MOST_COMPARED = 4;

export class Shelf {
  /** `events`: open(design), change(kept, compared), save(designs, format), picture(design, done). */
  constructor(panel, about, events) {
    Object.assign(this, { panel, about, events });
    this.pictures = new Map();
    this.tools = Object.assign(document.createElement("div"), { className: "bar" });
    this.cards = Object.assign(document.createElement("div"), { className: "cards" });
    this.compared = Object.assign(document.createElement("div"), { className: "compare" });
    this.compared.setAttribute("aria-label", "Comparison");
    panel.append(this.tools, this.compared, this.cards);
    this.buildTools();
  }

  buildTools() {
    const select = document.createElement("select");
    select.id = "export-format";
    FORMATS.forEach(([value, text]) => select.append(new Option(text, value)));
    const which = document.createElement("select");
    which.id = "export-which";
    [["kept", "all kept designs"], ["compared", "the compared ones"], ["selected", "selected designs of the data"]]
      .forEach(([value, text]) => which.append(new Option(text, value)));
    const cell = Object.assign(document.createElement("input"), { type: "number", min: 0.001, step: "any", value: 1 });
    const thickness = Object.assign(document.createElement("input"), { type: "number", min: 0.001, step: "any", value: 1 });
    const save = Object.assign(document.createElement("button"), { textContent: "Export", id: "export", className: "strong" });
    save.addEventListener("click", () => this.events.save(which.value, select.value, cell.valueAsNumber, thickness.valueAsNumber));
    const page = Object.assign(document.createElement("button"), { textContent: "Offline page", id: "offline", title: "One file with map, kept designs and numbers, to send on" });
    page.addEventListener("click", () => this.events.page());
    const labeled = (text, input) => {
      const label = document.createElement("label");
      label.append(`${text} `, input);
      return label;
    };
    this.sort = document.createElement("select");
    [["", "as kept"], ["compliance", "by compliance"], ["volume", "by volume"], ["trust", "by trust"]]
      .forEach(([value, text]) => this.sort.append(new Option(text, value)));
    this.sort.addEventListener("change", () => this.show(this.kept, this.chosen));
    this.tools.append(
      labeled("Order", this.sort), labeled("Write", which), labeled("as", select),
      labeled("cell [mm]", cell), labeled("thickness [mm]", thickness), save, page,
    );
  }

  /** Shows the kept designs, and those of them that are compared. */
  show(kept, chosen) {
    this.kept = kept;
    this.chosen = chosen.filter((id) => kept.some((one) => one.id === id));
    const key = this.sort.value;
    const sorted = key ? [...kept].sort((a, b) => (a.numbers[key] ?? Infinity) - (b.numbers[key] ?? Infinity)) : kept;
    this.cards.replaceChildren(...sorted.map((one) => this.card(one)));
    if (!kept.length) this.cards.append(Object.assign(document.createElement("p"), { className: "hint", textContent: "Nothing is kept yet. Keep puts the design that is shown on the shelf." }));
    this.compare();
  }

  card(one) {
    const card = Object.assign(document.createElement("div"), { className: "card" });
    card.classList.toggle("chosen", this.chosen.includes(one.id));
    const canvas = document.createElement("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", one.name);
    this.withPicture(one, (plane) => paintDensity(canvas, plane));
    canvas.addEventListener("click", () => this.events.open(one.design));
    const name = Object.assign(document.createElement("input"), { type: "text", value: one.name, maxLength: 60 });
    name.setAttribute("aria-label", "Name");
    name.addEventListener("change", () => this.change(this.kept.map((other) => (other.id === one.id ? { ...one, name: name.value } : other)), this.chosen));
    const numbers = document.createElement("p");
    numbers.textContent = `C ${shown(one.numbers.compliance)} · V ${shown(one.numbers.volume, 3)} · trust ${shown(one.numbers.trust, 2)}`;
    const row = Object.assign(document.createElement("div"), { className: "bar" });
    const open = Object.assign(document.createElement("button"), { textContent: "Open" });
    open.addEventListener("click", () => this.events.open(one.design));
    const compare = Object.assign(document.createElement("input"), { type: "checkbox", checked: this.chosen.includes(one.id) });
    compare.disabled = !compare.checked && this.chosen.length >= MOST_COMPARED;
    compare.addEventListener("change", () => this.change(this.kept, compare.checked ? [...this.chosen, one.id] : this.chosen.filter((id) => id !== one.id)));
    const label = Object.assign(document.createElement("label"), { className: "check" });
    label.append(compare, "compare");
    const remove = Object.assign(document.createElement("button"), { textContent: "Remove" });
    remove.addEventListener("click", () => this.change(this.kept.filter((other) => other.id !== one.id), this.chosen));
    row.append(open, remove, label);
    card.append(canvas, name, numbers, row);
    return card;
  }

  change(kept, chosen) {
    this.events.change(kept, chosen);
  }

  /** Two to four designs side by side: pictures, what each has that the first has not, numbers. */
  compare() {
    const designs = this.chosen.map((id) => this.kept.find((one) => one.id === id));
    this.compared.replaceChildren();
    if (designs.length < 2) return;
    const first = designs[0];
    designs.forEach((one, i) => {
      const column = document.createElement("div");
      const heading = document.createElement("strong");
      heading.textContent = one.name;
      const picture = document.createElement("canvas");
      this.withPicture(one, (plane) => paintDensity(picture, plane));
      column.append(heading, picture);
      if (i) {
        const difference = document.createElement("canvas");
        difference.setAttribute("role", "img");
        difference.setAttribute("aria-label", `Only ${first.name}: blue. Only ${one.name}: orange.`);
        this.withPicture(first, (a) => this.withPicture(one, (b) => paintDifference(difference, a, b)));
        column.append(difference);
      }
      const table = document.createElement("table");
      for (const key of ["compliance", "volume", "pieces", "trust"]) {
        const line = table.insertRow();
        line.insertCell().textContent = key;
        const isCount = key === "pieces";
        line.insertCell().textContent = isCount ? String(one.numbers[key] ?? "–") : shown(one.numbers[key]);
        line.insertCell().textContent = i && !isCount ? relative(one.numbers[key], first.numbers[key]) : "";
      }
      column.append(table);
      if (i) column.append(Object.assign(document.createElement("p"), { className: "hint", textContent: `blue: only ${first.name}; orange: only here` }));
      this.compared.append(column);
    });
  }

  /** The cut of a kept design, asked for once. */
  withPicture(one, use) {
    const known = this.pictures.get(one.id);
    if (Array.isArray(known)) known.push(use);
    else if (known) use(known);
    else {
      this.pictures.set(one.id, [use]);
      this.events.picture(one, (plane) => {
        const waiting = this.pictures.get(one.id);
        this.pictures.set(one.id, plane);
        if (Array.isArray(waiting)) waiting.forEach((next) => next(plane));
      });
    }
  }

  /** What is known of a picture already. */
  know(id, plane) {
    this.pictures.set(id, plane);
  }
}
