/** The selected designs as a table that can be sorted. */

import { shown } from "./numbers.js";

/** Rows that are shown at first, and each time more. */
const PAGE = 100;

export class DesignTable {
  /** `events`: take(row), sort(sort), thumbnail(row). */
  constructor(panel, designs, events) {
    Object.assign(this, { panel, designs, events });
    this.rowsShown = PAGE;
    this.scroll = Object.assign(document.createElement("div"), { className: "scroll" });
    this.table = Object.assign(document.createElement("table"), { className: "designs" });
    this.head = this.table.createTHead();
    this.body = this.table.createTBody();
    this.note = Object.assign(document.createElement("p"), { className: "hint" });
    this.more = Object.assign(document.createElement("button"), { textContent: "More" });
    this.more.addEventListener("click", () => {
      this.rowsShown += PAGE;
      this.draw();
    });
    this.scroll.append(this.table);
    panel.append(this.scroll, this.note, this.more);
    this.columns = ["position", ...designs.names.map(({ name }) => name)];
    this.buildHead();
  }

  buildHead() {
    const line = this.head.insertRow();
    line.append(Object.assign(document.createElement("th"), { textContent: "" }));
    this.heads = this.columns.map((name) => {
      const cell = Object.assign(document.createElement("th"), { scope: "col" });
      const button = Object.assign(document.createElement("button"), { textContent: name === "position" ? "design" : this.designs.label(name) });
      button.addEventListener("click", () => {
        const isSame = this.sort?.name === name;
        this.events.sort({ name, down: isSame ? !this.sort.down : false });
      });
      cell.append(button);
      line.append(cell);
      return cell;
    });
  }

  show({ selected, hidden, sort, current }) {
    Object.assign(this, { selected, hidden, sort, current });
    this.draw();
  }

  draw() {
    if (this.panel.hidden) return;
    const values = (name) => (name === "position" ? this.designs.table.position.values : this.designs.column(name));
    const rows = Array.from({ length: this.designs.count }, (_, row) => row)
      .filter((row) => !this.hidden.has(row) && (!this.selected || this.selected[row]));
    if (this.sort) {
      const by = values(this.sort.name);
      const sign = this.sort.down ? -1 : 1;
      const key = (row) => (Number.isNaN(by[row]) ? Infinity : sign * by[row]);
      rows.sort((a, b) => key(a) - key(b));
    }
    this.heads.forEach((cell, k) => {
      const isSorted = this.sort?.name === this.columns[k];
      cell.setAttribute("aria-sort", isSorted ? (this.sort.down ? "descending" : "ascending") : "none");
    });
    const columns = this.columns.map(values);
    this.body.replaceChildren(...rows.slice(0, this.rowsShown).map((row) => {
      const line = document.createElement("tr");
      line.tabIndex = 0;
      line.setAttribute("aria-selected", String(row === this.current));
      line.insertCell().append(this.events.thumbnail(row));
      columns.forEach((column, k) => { line.insertCell().textContent = k ? shown(column[row], 4) : String(column[row]); });
      line.addEventListener("click", () => this.events.take(row));
      line.addEventListener("keydown", (event) => {
        if (event.key === "Enter") this.events.take(row);
      });
      return line;
    }));
    this.more.hidden = rows.length <= this.rowsShown;
    this.note.textContent = `${Math.min(rows.length, this.rowsShown)} of ${rows.length} designs`;
  }
}
