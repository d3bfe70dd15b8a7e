/** The binary form of answers: a line of JSON and arrays behind it, see `frame.rs`. */

/** Reads the frames of an answer as they come; returns the bytes after the last one. */
export async function readFrames(response, onFrame) {
  const reader = response.body.getReader();
  let buffer = new Uint8Array(0);
  for (;;) {
    const { done, value } = await reader.read();
    if (value) buffer = joined(buffer, value);
    for (;;) {
      const frame = parseFrame(buffer);
      if (!frame) break;
      buffer = buffer.slice(frame.length);
      // A file has one frame, and the rest of the answer is the file.
      if (onFrame(frame) === "file") return readRest(reader, buffer);
    }
    if (done) return buffer;
  }
}

async function readRest(reader, first) {
  const parts = [first];
  for (;;) {
    const { done, value } = await reader.read();
    if (value) parts.push(value);
    if (done) return new Blob(parts);
  }
}

function joined(a, b) {
  if (!a.length) return b;
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** The frame at the beginning of some bytes; null if it is not complete. */
export function parseFrame(bytes) {
  if (bytes.length < 8) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [text, body] = [view.getUint32(0, true), view.getUint32(4, true)];
  const length = 8 + text + body;
  if (bytes.length < length) return null;
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + text)));
  const arrays = {};
  let at = 8 + text;
  for (const { name, type, rows, columns } of head.planes) {
    const size = rows * columns * (type === "u8" ? 1 : 4);
    const part = bytes.slice(at, at + size);
    arrays[name] = { rows, columns, values: type === "u8" ? part : new Float32Array(part.buffer) };
    at += Math.ceil(size / 4) * 4;
  }
  return { head, arrays, length };
}
