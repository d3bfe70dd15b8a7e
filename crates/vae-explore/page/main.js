/** The page: brings source, state, map, design and panels together. */

import { Designs } from "./designs.js";
import { DesignView, LAYERS } from "./design.js";
import { DesignMap } from "./map.js";
import { relative, shown } from "./numbers.js";
import { OfflineSource } from "./offline.js";
import { Parallel } from "./parallel.js";
import { ServerSource } from "./server.js";
import { Shelf } from "./shelf.js";
import { Sliders } from "./sliders.js";
import { axesOf, coordinate, movedTo } from "./space.js";
import { State, checkedState, fromAddress, toAddress } from "./state.js";
import { DesignTable } from "./table.js";

const element = (id) => document.getElementById(id);
/** Strips are asked for when the design has rested so long. */
const REST = 350;
const TABS = ["sliders", "shelf", "parallel", "table"];

class Page {
  async open(source) {
    this.source = source;
    const [about, table] = await Promise.all([source.about(), source.table()]);
    this.about = about;
    this.designs = new Designs(about, table);
    this.axes = axesOf(about);
    this.state = new State({ stored: about.start ?? 0 });
    /** Times of the last answers in milliseconds, for measurements. */
    this.timings = [];
    element("run").textContent = `${about.name}: ${about.designs === about.of ? about.of : `${about.designs} of ${about.of}`} designs of ${about.data}, ${about.rows} × ${about.columns}, ${about.latent} latent dimensions`;
    this.build();
    const saved = fromAddress(location.hash) ?? source.saved?.();
    if (saved) Object.assign(this.state.value, saved);
    if (source.offline && this.state.value.tab === "sliders") this.state.value.tab = "shelf";
    if (!LAYERS[this.state.value.layer]) this.state.value.layer = "cut";
    this.state.commit();
    this.state.past = [];
    this.state.listen((keys) => this.changed(keys));
    this.changed(Object.keys(this.state.value));
    this.learn();
    this.restStrips();
  }

  build() {
    const { about, designs } = this;
    this.map = new DesignMap(element("map-canvas"), element("legend"), designs, {
      drag: (x, y) => this.dragTo(x, y),
      drop: () => this.drop(),
      take: (row) => this.take({ stored: row }),
      view: (view) => this.state.set({ view }),
    });
    this.map.atlas.src = this.source.atlas();
    this.map.atlas.addEventListener("load", () => this.refresh());
    this.design = new DesignView({
      stage: element("design-stage"), canvas: element("design-canvas"), overlay: element("design-overlay"),
      scale: element("scale"), numbers: element("numbers"), thumbnail: (row) => designs.thumbnail(row, this.map.atlas),
    }, about, {
      problem: (problem) => this.moveProblem(problem),
      wanted: () => this.state.value.at.decoded?.problem,
      drop: () => this.drop(),
    });
    if (this.source.offline) this.leaveOut();
    this.sliders = new Sliders(element("panel-sliders"), about, {
      move: (change) => this.moveSlider(change),
      drop: () => this.drop(),
      strips: () => this.askStrips(),
    });
    this.shelf = new Shelf(element("panel-shelf"), about, {
      open: (design) => this.take(design),
      change: (kept, compared) => this.state.set({ kept, compared }, true),
      save: (which, format, cell, thickness) => this.export(which, format, cell, thickness),
      page: () => this.savePage(),
      picture: (one, done) => this.askPicture(one, done),
    });
    this.parallel = new Parallel(element("panel-parallel"), designs, {
      brush: (brush, isDone) => this.state.set({ brush }, isDone),
    });
    this.table = new DesignTable(element("panel-table"), designs, {
      take: (row) => this.take({ stored: row }),
      sort: (sort) => this.state.set({ sort }),
      thumbnail: (row) => designs.thumbnail(row, this.map.atlas),
    });
    this.buildControls();
    this.buildLayers();
    this.buildTabs();
    addEventListener("keydown", (event) => this.key(event));
    addEventListener("hashchange", () => {
      const saved = fromAddress(location.hash);
      if (saved && location.hash.slice(1) !== this.address) this.state.replace(saved);
    });
  }

  /** Without a program behind it, the page has what it holds and nothing else. */
  leaveOut() {
    this.design.movable = false;
    document.documentElement.dataset.offline = "";
    this.state.value.tab = "shelf";
    Object.keys(LAYERS).slice(2).forEach((name) => delete LAYERS[name]);
  }

  buildControls() {
    const options = (select, list) => list.forEach(({ name, label }) => select.append(new Option(label, name)));
    options(element("axis-x"), this.axes);
    options(element("axis-y"), this.axes);
    options(element("color"), this.designs.names);
    element("axis-x").addEventListener("change", (event) => this.state.set({ x: event.target.value, view: null }));
    element("axis-y").addEventListener("change", (event) => this.state.set({ y: event.target.value, view: null }));
    element("color").addEventListener("change", (event) => this.state.set({ color: event.target.value }));
    const click = (id, action) => element(id).addEventListener("click", action);
    click("zoom-in", () => this.map.zoom(0.7));
    click("zoom-out", () => this.map.zoom(1 / 0.7));
    click("fit", () => this.map.showAll());
    click("undo", () => this.state.undo());
    click("redo", () => this.state.redo());
    click("reset", () => this.take(this.state.start));
    click("save", () => download(new Blob([JSON.stringify(this.state.value, null, 1)], { type: "application/json" }), `${this.about.name}-explored.json`));
    element("load").addEventListener("change", (event) => this.load(event.target.files[0]));
    click("theme", () => this.setTheme(document.documentElement.dataset.theme !== "dark"));
    click("help", () => element("keys").showModal());
    click("keep", () => this.keep());
    click("discard", () => this.discard());
    click("stiffer", () => this.makeStiffer());
    click("simp", () => this.simp(5));
    click("simp-end", () => this.simp("end"));
    element("join").addEventListener("change", (event) => this.change({ join: event.target.checked }, true));
    this.setTheme(localStorageValue("theme") === "dark" || (!localStorageValue("theme") && matchMedia("(prefers-color-scheme: dark)").matches), false);
  }

  buildLayers() {
    Object.entries(LAYERS).forEach(([name, { label }], k) => {
      const button = Object.assign(document.createElement("button"), { textContent: label, title: `${label} (${k + 1})` });
      button.setAttribute("role", "radio");
      button.dataset.layer = name;
      button.addEventListener("click", () => this.state.set({ layer: name }));
      element("layers").append(button);
    });
  }

  buildTabs() {
    TABS.forEach((name) => {
      element(`tab-${name}`).addEventListener("click", () => this.state.set({ tab: name }));
    });
  }

  /** Shows what has changed. */
  changed(keys) {
    const has = (...names) => names.some((name) => keys.includes(name));
    const { value } = this.state;
    element("undo").disabled = !this.state.past.length;
    element("redo").disabled = !this.state.future.length;
    if (has("tab")) {
      this.showTab();
      if (value.tab === "sliders") this.restStrips();
    }
    if (has("layer")) {
      element("layers").querySelectorAll("button").forEach((button) => {
        button.setAttribute("aria-checked", String(button.dataset.layer === value.layer));
      });
      this.design.setLayer(value.layer);
    }
    if (has("x", "y", "color", "brush", "discarded", "kept")) this.refresh();
    if (has("sort", "tab") && !has("brush")) this.refreshTable();
    if (has("kept", "compared")) {
      this.shelf.show(value.kept, value.compared);
      element("shelf-count").textContent = value.kept.length ? `(${value.kept.length})` : "";
    }
    if (has("at", "layer")) this.ask();
    this.remember();
  }

  /** The map, the ranges and the table after a change of what is selected. */
  refresh() {
    const { value } = this.state;
    this.selected = this.designs.selected(value.brush);
    this.hidden = new Set(value.discarded);
    element("axis-x").value = value.x;
    element("axis-y").value = value.y;
    element("color").value = value.color;
    const axes = [value.x, value.y].map((name, k) => this.axes.find((axis) => axis.name === name) ?? this.axes[k]);
    const kept = [...value.kept.map(({ design }) => this.placeOf(design)), ...this.about.proposals].filter(Boolean);
    this.map.configure({ axes, color: value.color, selected: this.selected, hidden: this.hidden, kept, view: value.view });
    this.parallel.show({ brush: value.brush, selected: this.selected, color: value.color, hidden: this.hidden });
    this.refreshTable();
  }

  refreshTable() {
    const { value } = this.state;
    this.table.show({ selected: this.selected, hidden: this.hidden, sort: value.sort, current: value.at.stored });
  }

  showTab() {
    TABS.forEach((name) => {
      const isOpen = name === this.state.value.tab;
      element(`tab-${name}`).setAttribute("aria-selected", String(isOpen));
      element(`panel-${name}`).hidden = !isOpen;
    });
    if (this.state.value.tab === "parallel") this.parallel.draw();
  }

  /** Code and conditions of a design. */
  placeOf(design) {
    if (design.decoded) return design.decoded;
    if (design.stored !== undefined) return { code: this.designs.code(design.stored), conditions: this.designs.told(design.stored) };
    return this.about.proposals[design.proposed];
  }

  /** The design that is shown, as a code that can be moved; a stored one keeps its problem. */
  movable() {
    const { at } = this.state.value;
    if (at.decoded) return at.decoded;
    const { code, conditions } = this.placeOf(at);
    const moved = { code, conditions };
    const { problem } = this.design.shown?.head ?? {};
    // Where nothing states a problem at other conditions, the design takes its own along.
    if (problem && (at.proposed !== undefined || !this.about.statesProblem)) moved.problem = problem;
    return moved;
  }

  /** Changes the design that is shown. */
  change(change, commit = false) {
    const { simp, ...rest } = this.movable();
    this.state.set({ at: { decoded: { ...rest, ...change } } }, commit);
  }

  drop() {
    this.state.commit();
    this.changed([]);
    this.restStrips();
  }

  take(design) {
    this.state.set({ at: design }, true);
    this.restStrips();
  }

  dragTo(x, y) {
    const { code, conditions } = this.movable();
    const { axes } = this.map;
    const moved = movedTo(axes, [x, y], code, conditions);
    const change = { code: moved.code };
    if (axes.some((axis) => axis.kind === "condition")) Object.assign(change, { conditions: moved.conditions, problem: null, fit: false });
    this.change(change);
  }

  moveSlider({ column, dimension, value }) {
    const { code, conditions, problem } = this.movable();
    if (dimension !== undefined) {
      this.change({ code: code.map((z, k) => (k === dimension ? value : z)) });
      return;
    }
    const change = { conditions: conditions.map((c, k) => (k === column ? value : c)) };
    // A problem that was moved by hand keeps its loads when only its volume changes.
    if (problem && this.about.told[column].name === "volume_fraction") change.problem = { ...problem, volume_fraction: value };
    else Object.assign(change, { problem: null, fit: false });
    this.change(change);
  }

  moveProblem(problem) {
    this.change({ problem, fit: true });
  }

  /** Asks for the design that is shown. */
  ask() {
    const { at, layer } = this.state.value;
    const wanted = LAYERS[layer].ask;
    const place = this.placeOf(at);
    if (!place) return;
    if (at.decoded?.simp && at.decoded.simp !== "none") this.say("SIMP is running …");
    this.source.design({ design: at, layers: wanted ? [wanted] : [] }, (frame, line) => this.answered(frame, line));
  }

  answered(frame, { isNewest, asked }) {
    const { head } = frame;
    if (head.kind === "error") {
      if (isNewest) this.warn(head.text);
      return;
    }
    this.warn("");
    this.design.take(frame);
    if (head.kind === "design") {
      this.map.place(head.code, head.conditions, head.distance === null ? null : head.distance <= 1);
      this.sliders.show(head.code, head.conditions);
      this.describe(head);
      if (isNewest) this.adopt(head);
      this.timings.push({ picture: performance.now() - asked });
    } else {
      this.timings.push({ judged: performance.now() - asked });
      if (isNewest) this.judged?.(head);
    }
    if (this.timings.length > 1000) this.timings.shift();
  }

  /** Conditions that followed from a moved load become part of what is asked. */
  adopt({ conditions }) {
    const { decoded } = this.state.value.at;
    if (decoded?.fit) decoded.conditions = conditions;
  }

  describe(head) {
    const { at } = this.state.value;
    const texts = [];
    if (at.stored !== undefined) texts.push(`Design ${this.designs.position(at.stored)} of the data, as it is stored.`);
    else if (at.proposed !== undefined) texts.push(`Proposal ${this.about.proposals[at.proposed].name}.`);
    else texts.push("Decoded by the model and cut at exactly its volume.");
    if (head.outside > 0) {
      texts.push(this.about.toldProblem
        ? "This problem lies outside of those that the model has learned."
        : "The model is not told such a problem; only the judgement is of it.");
    }
    element("what").textContent = texts.join(" ");
    element("join").checked = Boolean(at.decoded?.join);
  }

  keep() {
    const { head, judged, arrays } = this.design.shown ?? {};
    if (!head) return;
    const { at, kept } = this.state.value;
    const id = kept.reduce((most, one) => Math.max(most, one.id), 0) + 1;
    // A kept design keeps its problem, whatever is stated later.
    const design = at.decoded ? { decoded: { ...at.decoded, conditions: head.conditions } } : at;
    const numbers = { volume: head.volume, trust: head.trust, compliance: judged?.compliance ?? null, pieces: judged?.pieces ?? null };
    this.shelf.know(id, arrays.cut);
    this.state.set({ kept: [...kept, { id, name: `design ${id}`, design, numbers }] }, true);
    this.say(`Kept as design ${id}.`);
  }

  discard() {
    const { at, discarded } = this.state.value;
    if (at.stored === undefined) {
      this.say("Only designs of the data can be left out; click one on the map first.");
      return;
    }
    this.state.set({ discarded: [...discarded, at.stored] }, true);
    this.say("Left out of the map; Undo brings it back.");
  }

  async makeStiffer() {
    const { simp, ...decoded } = this.movable();
    this.busy(true);
    this.say("Searching in the latent space …");
    try {
      await this.source.long("/api/stiffer", { ...decoded }, ({ head, arrays }) => {
        if (head.kind === "error") throw new Error(head.text);
        if (head.kind === "step") {
          this.say(`Searching in the latent space: design ${head.tried}`);
          this.map.place(head.code, decoded.conditions, true);
          this.design.take({ head: { ...this.design.shown.head, kind: "design", code: head.code }, arrays: { ...this.design.shown.arrays, cut: arrays.cut } });
        } else if (head.kind === "found") {
          this.say(`${head.steps} steps: compliance ${shown(head.before)} → ${shown(head.after)} (${relative(head.after, head.before)})`);
          this.change({ code: head.code, join: true }, true);
        }
      });
    } catch (error) {
      this.warn(error.message);
      this.ask();
    }
    this.busy(false);
    this.restStrips();
  }

  simp(step) {
    const { at } = this.state.value;
    const before = this.design.shown?.judged?.compliance;
    const { simp = "none", ...rest } = this.movable();
    const made = simp.iterations ?? 0;
    const next = step === "end" ? "end" : { iterations: made + step };
    this.judged = ({ compliance }) => {
      this.judged = null;
      const what = next === "end" ? "SIMP to its end" : `${next.iterations} SIMP iterations`;
      this.say(`${what}: compliance ${shown(before)} → ${shown(compliance)} (${relative(compliance, before)})`);
    };
    if (at.decoded && simp === "end") this.say("SIMP has come to its end here.");
    else this.state.set({ at: { decoded: { ...rest, simp: next } } }, true);
  }

  restStrips() {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.askStrips(), REST);
  }

  async askStrips() {
    if (this.source.offline || this.state.value.tab !== "sliders") return;
    const { code, conditions, problem = null } = this.movable();
    try {
      await this.source.long("/api/strips", { design: { code, conditions, problem }, dimensions: this.sliders.dimensions() }, (frame) => {
        if (frame.head.kind === "strip") this.sliders.strip(frame);
      });
      this.sliders.order();
    } catch { /* the next rest asks again */ }
  }

  async askPicture(one, done) {
    try {
      await this.source.long(`/api/continue`, { design: one.design, judge: false }, ({ head, arrays }) => {
        if (head.kind === "design") done(arrays.cut);
      });
    } catch (error) {
      this.warn(error.message);
    }
  }

  async export(which, format, cell, thickness) {
    const { value } = this.state;
    const chosen = { kept: value.kept, compared: value.kept.filter(({ id }) => value.compared.includes(id)) }[which];
    const selected = () => Array.from({ length: this.designs.count }, (_, row) => row)
      .filter((row) => !this.hidden.has(row) && (!this.selected || this.selected[row])).map((stored) => ({ stored }));
    const list = which === "selected" ? selected() : chosen.map(({ design }) => design);
    if (!list.length) {
      this.warn("There is nothing to export: keep a design first.");
      return;
    }
    this.say(`Writing ${list.length} designs …`);
    try {
      const file = await this.source.file("/api/export", { designs: list, format, cell_size: cell, thickness });
      download(file.contents, file.name);
      this.say(`${file.name} is written.`);
    } catch (error) {
      this.warn(error.message);
    }
  }

  async savePage() {
    this.say("Making the page …");
    try {
      const file = await this.source.file("/api/page", this.state.value);
      download(file.contents, file.name);
      this.say(`${file.name} is written.`);
    } catch (error) {
      this.warn(error.message);
    }
  }

  /** Asks for what mechanics has found until every design is judged. */
  async learn() {
    const frame = await this.source.results();
    this.designs.learn(frame);
    if (frame.head.trouble) this.warn(frame.head.trouble);
    const { color, brush } = this.state.value;
    const isShown = ["compliance", "novelty"].some((name) => name === color || brush[name]);
    const isDone = frame.head.done >= this.designs.count;
    if (isShown || isDone || this.state.value.tab === "table" || this.state.value.tab === "parallel") this.refresh();
    if (!isDone && !frame.head.trouble) setTimeout(() => this.learn(), 3000);
  }

  async load(file) {
    try {
      const saved = checkedState(JSON.parse(await file.text()));
      if (!saved) throw new Error(`${file.name} is not a saved session`);
      this.state.replace(saved);
    } catch (error) {
      this.warn(error.message);
    }
  }

  remember() {
    clearTimeout(this.remembering);
    this.remembering = setTimeout(() => {
      this.address = toAddress(this.state.value);
      history.replaceState(null, "", `#${this.address}`);
    }, 200);
  }

  busy(isBusy) {
    ["stiffer", "simp", "simp-end"].forEach((id) => { element(id).disabled = isBusy; });
  }

  say(text) {
    element("progress").textContent = text;
  }

  warn(text) {
    element("message").textContent = text;
    element("message").hidden = !text;
  }

  setTheme(isDark, store = true) {
    document.documentElement.dataset.theme = isDark ? "dark" : "light";
    element("theme").setAttribute("aria-pressed", String(isDark));
    if (store) localStorageValue("theme", isDark ? "dark" : "light");
    if (this.map) {
      this.map.redraw();
      this.parallel.draw();
      this.design.draw();
    }
  }

  key(event) {
    const isTyping = event.target.matches("input, select, textarea") || element("keys").open;
    if (isTyping || event.altKey) return;
    if (event.ctrlKey || event.metaKey) {
      const action = { z: event.shiftKey ? "redo" : "undo", y: "redo" }[event.key.toLowerCase()];
      if (action) {
        event.preventDefault();
        this.state[action]();
      }
      return;
    }
    const layer = Object.keys(LAYERS)[Number(event.key) - 1];
    const actions = {
      k: () => this.keep(), d: () => this.discard(), s: () => this.makeStiffer(), r: () => this.take(this.state.start),
      t: () => element("theme").click(), "?": () => element("keys").showModal(),
      "+": () => this.map.zoom(0.7), "-": () => this.map.zoom(1 / 0.7), 0: () => this.map.showAll(),
    };
    if (layer) this.state.set({ layer });
    else if (actions[event.key]) actions[event.key]();
    else if (event.target === element("map-canvas")) this.mapKey(event);
  }

  /** Arrow keys move the design by a fiftieth of the view. */
  mapKey(event) {
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    const { code, conditions } = this.placeOf(this.state.value.at);
    const [x, y] = this.map.axes.map((axis) => coordinate(axis, code, conditions));
    if (by) {
      event.preventDefault();
      const far = event.shiftKey ? 0.2 : 0.02;
      this.dragTo(x + by[0] * far * this.map.view.width, y + by[1] * far * this.map.view.height);
      this.drop();
    } else if (event.key === "Enter") {
      const row = this.map.nearest(...this.map.toPixel(x, y), Infinity);
      if (row >= 0) this.take({ stored: row });
    }
  }
}

function download(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** A value that the browser keeps; without permission to keep anything, nothing is kept. */
function localStorageValue(key, value) {
  try {
    if (value !== undefined) localStorage.setItem(`vae-explore-${key}`, value);
    return localStorage.getItem(`vae-explore-${key}`);
  } catch {
    return null;
  }
}

const page = new Page();
/** Measurements and tests look here. */
globalThis.vaeExplore = page;
const offlineData = element("offline-data");
page.open(offlineData ? new OfflineSource(offlineData.textContent) : new ServerSource()).catch((error) => page.warn(`The page cannot open: ${error.message}`));
