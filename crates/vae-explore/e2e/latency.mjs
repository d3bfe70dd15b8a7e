/** Times from pointer move to picture and to compliance, in the browser, and the first paint:
 * `cargo xtask explore-e2e --latency`. */

import { launch, open, options, serve } from "./browser.mjs";

const MOVES = 200;
const { vae, run, tools } = options();
const browser = await launch(tools);
const server = await serve(vae, run);

const quantile = (values, share) => [...values].sort((a, b) => a - b)[Math.floor(share * (values.length - 1))];
const shown = (values) => `median ${quantile(values, 0.5).toFixed(1)} ms, nine of ten within ${quantile(values, 0.9).toFixed(1)} ms (${values.length})`;

const page = await open(browser, server.link);
const { rows, columns, designs } = await page.evaluate(() => vaeExplore.about);
const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime);
console.log(`${rows} x ${columns}, ${designs} designs: first paint after ${paint.toFixed(0)} ms`);
// Until all designs are judged the program works in the background whenever nobody asks.
await page.waitForFunction(() => vaeExplore.designs.judged >= vaeExplore.designs.count, null, { timeout: 600_000, polling: 1000 });
// Each move waits for its answer, as it does for a finger that rests for a moment.
const times = await page.evaluate(async (moves) => {
  const found = { picture: [], judged: [] };
  const canvas = document.getElementById("map-canvas");
  const box = canvas.getBoundingClientRect();
  const event = (type, x, y) => canvas.dispatchEvent(new PointerEvent(type, { pointerId: 1, clientX: box.left + x, clientY: box.top + y, bubbles: true }));
  canvas.setPointerCapture = () => {};
  event("pointerdown", box.width / 2, box.height / 2);
  for (let i = 1; i <= moves; i++) {
    vaeExplore.timings.length = 0;
    const began = performance.now();
    event("pointermove", box.width * (0.5 + 0.2 * Math.sin(i / 9)), box.height * (0.5 + 0.2 * Math.sin(i / 7)));
    for (const kind of ["picture", "judged"]) {
      while (!vaeExplore.timings.some((one) => one[kind] !== undefined)) await new Promise((next) => { const channel = new MessageChannel(); channel.port1.onmessage = next; channel.port2.postMessage(0); });
      // What is drawn now is on the screen with the next frame.
      found[kind].push(performance.now() - began);
    }
    await new Promise((next) => { setTimeout(next, 8); });
  }
  event("pointerup", box.width / 2, box.height / 2);
  return found;
}, MOVES);
console.log(`picture:    ${shown(times.picture)}`);
console.log(`compliance: ${shown(times.judged)}`);
const redraws = await page.evaluate(() => Array.from({ length: 40 }, () => {
  const began = performance.now();
  vaeExplore.map.drawLayer();
  vaeExplore.map.drawNow();
  return performance.now() - began;
}));
console.log(`all points and thumbnails of the map drawn again: ${shown(redraws)}`);
await browser.close();
await server.stop();
