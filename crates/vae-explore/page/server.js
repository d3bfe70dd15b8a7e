/** The server as the source of designs. One question of each kind is on its way at a time; of those
 * that come meanwhile only the newest counts, and answers to older ones are dropped. */

import { parseFrame, readFrames } from "./frames.js";

/** A question on its way counts as lost after this, and the next one is sent. */
const PATIENCE = 150;

export class ServerSource {
  constructor() {
    this.page = Math.random().toString(36).slice(2);
    this.number = 0;
    this.lines = new Map();
    this.offline = false;
  }

  async about() {
    return (await this.get("/api/about")).json();
  }

  /** The designs of the map as columns. */
  async table() {
    return parseFrame(new Uint8Array(await (await this.get("/api/table")).arrayBuffer())).arrays;
  }

  /** What mechanics has found so far. */
  async results() {
    return parseFrame(new Uint8Array(await (await this.get("/api/results")).arrayBuffer()));
  }

  atlas() {
    return "/atlas.png";
  }

  /** Asks for a design; `onFrame` gets its parts unless a newer question was asked meanwhile. */
  design(query, onFrame) {
    this.latest("/api/design", query, onFrame);
  }

  /** Asks for a long search or continuation; resolves when it is over. */
  async long(path, query, onFrame) {
    const number = ++this.number;
    this.lines.set(path, { newest: number });
    const response = await this.post(path, query, number);
    await readFrames(response, (frame) => {
      if (this.lines.get(path).newest === number) onFrame(frame);
    });
  }

  /** A file of some designs: its name and contents. */
  async file(path, query) {
    const response = await this.post(path, query, ++this.number);
    let head = null;
    const contents = await readFrames(response, (frame) => {
      head = frame.head;
      return head.kind === "file" ? "file" : undefined;
    });
    if (head?.kind !== "file") throw new Error(head?.text ?? "the file was not made");
    return { name: head.name, contents: new Blob([contents], { type: head.type }) };
  }

  /** Sends a question once the one before it is answered, or has taken too long. */
  latest(path, query, onFrame) {
    const line = this.lines.get(path) ?? { newest: 0, busy: 0, waiting: null, sent: 0 };
    this.lines.set(path, line);
    line.newest = ++this.number;
    line.waiting = { query, onFrame, number: line.newest, asked: performance.now() };
    if (!line.busy || performance.now() - line.sent > PATIENCE) this.send(path, line);
  }

  async send(path, line) {
    const { query, onFrame, number, asked } = line.waiting;
    line.waiting = null;
    line.busy++;
    line.sent = performance.now();
    try {
      const response = await this.post(path, query, number);
      await readFrames(response, (frame) => {
        // An answer for a place that was left is still the nearest there is while the finger moves
        // on, but it must never come after a newer one.
        if (frame.head.kind === "overtaken" || number < (line.shown ?? 0)) return;
        line.shown = number;
        onFrame(frame, { number, isNewest: number === line.newest, asked });
      });
    } catch (error) {
      if (number === line.newest) onFrame({ head: { kind: "error", text: String(error.message ?? error) }, arrays: {} }, { number, isNewest: true, asked });
    } finally {
      line.busy--;
      if (line.waiting && !line.busy) this.send(path, line);
    }
  }

  async get(path) {
    const response = await fetch(path);
    if (!response.ok) throw new Error(await response.text());
    return response;
  }

  async post(path, query, number) {
    const headers = { "content-type": "application/json", "x-page": this.page, "x-number": String(number) };
    const response = await fetch(path, { method: "POST", headers, body: JSON.stringify(query) })
      .catch(() => { throw new Error("No answer: the program that serves this page has ended."); });
    if (!response.ok) throw new Error(await response.text());
    return response;
  }
}
