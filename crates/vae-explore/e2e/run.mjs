/** End-to-end tests of the page in a headless browser: `cargo xtask explore-e2e`. */

import { readFile, mkdir } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";

import { assert, drag, launch, numbers, open, options, serve, settled, tests } from "./browser.mjs";

const { vae, run, tools, out } = options();
await mkdir(out, { recursive: true });
const browser = await launch(tools);
const server = await serve(vae, run);
const shot = (page, name) => page.screenshot({ path: path.join(out, `${name}.png`) });
const changed = (a, b) => JSON.stringify(a) !== JSON.stringify(b);

async function saved(page, click) {
  const [download] = await Promise.all([page.waitForEvent("download"), click()]);
  const file = path.join(out, download.suggestedFilename());
  await download.saveAs(file);
  return file;
}

const page = await open(browser, server.link);

const failed = await tests([
  ["the page opens with a judged design", async () => {
    const found = await numbers(page);
    assert.ok(found.known && found.compliance > 0 && found.pieces >= 1);
    await shot(page, "desktop");
  }],
  ["dragging on the map moves the design, and its volume stays exact", async () => {
    const before = await numbers(page);
    await drag(page, "#map-canvas", [0.5, 0.5], [0.35, 0.4]);
    const after = await numbers(page);
    assert.ok(changed(before.code, after.code));
    const cells = after.problem.grid.nelx * after.problem.grid.nely;
    assert.ok(Math.abs(after.volume - after.problem.volume_fraction) <= 0.5 / cells + 1e-9);
  }],
  ["a click takes a design of the data as it is stored", async () => {
    const at = await page.evaluate(() => vaeExplore.map.toPixel(vaeExplore.map.x[5], vaeExplore.map.y[5]));
    await page.locator("#map-canvas").click({ position: { x: at[0], y: at[1] } });
    await settled(page);
    assert.notEqual(await page.evaluate(() => vaeExplore.state.value.at.stored), undefined);
    assert.match(await page.textContent("#what"), /as it is stored/);
  }],
  ["undo and redo bring designs back", async () => {
    const now = await page.evaluate(() => JSON.stringify(vaeExplore.state.value.at));
    await page.keyboard.press("Control+z");
    await settled(page);
    assert.notEqual(await page.evaluate(() => JSON.stringify(vaeExplore.state.value.at)), now);
    await page.keyboard.press("Control+y");
    await settled(page);
    assert.equal(await page.evaluate(() => JSON.stringify(vaeExplore.state.value.at)), now);
  }],
  ["a dragged load takes the conditions along, and the design answers", async () => {
    const before = await numbers(page);
    const handle = await page.locator(".handle").first().boundingBox();
    const [x, y] = [handle.x + handle.width / 2, handle.y + handle.height / 2];
    await page.mouse.move(x, y);
    await page.mouse.down();
    // To where there is room.
    await page.mouse.move(x, before.conditions[1] > 0.5 ? y - 40 : y + 40, { steps: 10 });
    await page.mouse.up();
    await settled(page);
    const after = await numbers(page);
    assert.ok(changed(before.problem.load_cases, after.problem.load_cases));
    assert.ok(changed(before.conditions, after.conditions), "load_y follows");
    assert.ok(Math.abs(after.problem.load_cases[0].loads[0].at.point[1] - after.conditions[1]) < 0.02);
  }],
  ["the arrow turns by keys", async () => {
    const before = await numbers(page);
    await page.locator(".handle").first().focus();
    await page.keyboard.press("[");
    await settled(page);
    const after = await numbers(page);
    const angle = ({ force: [x, y] }) => (Math.atan2(y, x) * 180) / Math.PI;
    const turn = angle(after.problem.load_cases[0].loads[0]) - angle(before.problem.load_cases[0].loads[0]);
    assert.ok(Math.abs(turn - 5) < 1e-6, `${turn}`);
  }],
  ["every layer is drawn", async () => {
    const pictures = new Set();
    for (const key of ["1", "2", "3", "4", "5", "6"]) {
      await page.locator("#design-title").click();
      await page.keyboard.press(key);
      await settled(page);
      pictures.add(await page.evaluate(() => document.getElementById("design-canvas").toDataURL()));
    }
    assert.equal(pictures.size, 6);
    await page.keyboard.press("3");
    await settled(page);
    assert.match(await page.textContent("#scale"), /von Mises/);
    await shot(page, "stress");
    await page.keyboard.press("1");
  }],
  ["sliders move the design and have strips", async () => {
    await page.waitForFunction(() => vaeExplore.sliders.changes.size > 3);
    const before = await numbers(page);
    await page.locator("#panel-sliders input[type=range]").last().focus();
    for (let i = 0; i < 8; i++) await page.keyboard.press("ArrowRight");
    await settled(page);
    assert.ok(changed(before.code, (await numbers(page)).code));
  }],
  ["a latent search makes it stiffer and shows its steps", async () => {
    await page.locator("#keep").click();
    const before = await numbers(page);
    await page.locator("#stiffer").click();
    await page.waitForFunction(() => /steps: compliance/.test(document.getElementById("progress").textContent), null, { timeout: 60_000 });
    await settled(page);
    const after = await numbers(page);
    assert.ok(after.compliance <= before.compliance * 1.0001, `${before.compliance} ${after.compliance}`);
    await page.locator("#keep").click();
  }],
  ["SIMP continues from the design, and says the difference", async () => {
    await page.locator("#simp").click();
    await page.waitForFunction(() => /5 SIMP iterations: compliance/.test(document.getElementById("progress").textContent), null, { timeout: 60_000 });
    await settled(page);
    assert.deepEqual(await page.evaluate(() => vaeExplore.state.value.at.decoded.simp), { iterations: 5 });
    await page.locator("#keep").click();
  }],
  ["kept designs are compared side by side", async () => {
    await page.locator("#tab-shelf").click();
    assert.equal(await page.locator(".card").count(), 3);
    for (let i = 0; i < 3; i++) await page.locator(".card input[type=checkbox]").nth(i).check();
    assert.equal(await page.locator(".compare > div").count(), 3);
    assert.ok(await page.locator(".compare canvas").count() >= 5);
    await page.waitForTimeout(800);
    await page.locator("#panel-shelf").scrollIntoViewIfNeeded();
    await page.screenshot({ path: path.join(out, "shelf.png"), fullPage: true });
  }],
  ["the selection is exported, and the files are what they say", async () => {
    const first = { csv: /^design,source,/, dxf: /^PK/, npz: /^PK/, sheet: /^.PNG/, stl: /^PK/, svg: /^PK/ };
    for (const [format, expected] of Object.entries(first)) {
      await page.selectOption("#export-format", format);
      const file = await saved(page, () => page.locator("#export").click());
      const bytes = await readFile(file);
      assert.match(bytes.subarray(0, 60).toString("latin1"), expected, format);
      if (format === "csv") assert.equal(bytes.toString().trim().split("\n").length, 4);
    }
  }],
  ["brushing a range leaves the rest grey, on the map and in the table", async () => {
    await page.locator("#tab-parallel").click();
    await page.waitForTimeout(300);
    const total = await page.evaluate(() => vaeExplore.designs.count);
    await drag(page, "#parallel-canvas", [0.038, 0.2], [0.038, 0.5]);
    const inside = await page.evaluate(() => vaeExplore.map.selected.reduce((sum, one) => sum + one, 0));
    assert.ok(inside > 0 && inside < total, `${inside} of ${total}`);
    await page.screenshot({ path: path.join(out, "ranges.png"), fullPage: true });
    await page.locator("#tab-table").click();
    assert.match(await page.textContent("#panel-table .hint"), new RegExp(`of ${inside} designs`));
    const volumes = async () => (await page.locator("table.designs tbody tr td:nth-child(5)").allTextContents()).map(Number);
    await page.locator("table.designs th button", { hasText: /^volume$/ }).click();
    const sorted = await volumes();
    assert.deepEqual(sorted, [...sorted].sort((a, b) => a - b));
  }],
  ["a reload brings everything back", async () => {
    await page.waitForTimeout(400);
    const before = await page.evaluate(() => JSON.stringify(vaeExplore.state.value));
    await page.reload();
    await settled(page);
    const after = await page.evaluate(() => JSON.stringify(vaeExplore.state.value));
    const rounded = (text) => text.replace(/-?\d+\.\d+(e-?\d+)?/g, (x) => Number(x).toPrecision(5));
    assert.equal(rounded(after), rounded(before));
  }],
  ["a session is saved as a file and loaded again", async () => {
    const file = await saved(page, () => page.locator("#save").click());
    await page.locator("#reset").click();
    await page.evaluate(() => vaeExplore.state.set({ kept: [] }, true));
    await page.locator("#load").setInputFiles(file);
    await settled(page);
    assert.equal(await page.evaluate(() => vaeExplore.state.value.kept.length), 3);
  }],
  ["the keyboard alone is enough", async () => {
    await page.evaluate(() => vaeExplore.state.set({ brush: {}, tab: "sliders" }, true));
    await page.locator("#map-canvas").focus();
    const before = await numbers(page);
    await page.keyboard.press("Shift+ArrowRight");
    await page.keyboard.press("ArrowUp");
    await settled(page);
    assert.ok(changed(before.code, (await numbers(page)).code));
    await page.keyboard.press("+");
    await page.keyboard.press("0");
    await page.keyboard.press("Enter");
    await settled(page);
    assert.notEqual(await page.evaluate(() => vaeExplore.state.value.at.stored), undefined);
    const kept = await page.evaluate(() => vaeExplore.state.value.kept.length);
    await page.keyboard.press("k");
    assert.equal(await page.evaluate(() => vaeExplore.state.value.kept.length), kept + 1);
    await page.keyboard.press("d");
    assert.equal(await page.evaluate(() => vaeExplore.state.value.discarded.length), 1);
    await page.keyboard.press("?");
    assert.ok(await page.locator("#keys").isVisible());
    await page.keyboard.press("Escape");
    // Every control can be reached and has a name.
    const unnamed = await page.evaluate(() => [...document.querySelectorAll("button, input, select, canvas[tabindex]")]
      .filter((one) => !(one.textContent.trim() || one.getAttribute("aria-label") || one.labels?.length || one.title)).map((one) => one.outerHTML));
    assert.deepEqual(unnamed, []);
  }],
  ["an offline page opens by itself and can be dragged through", async () => {
    await page.locator("#tab-shelf").click();
    const file = await saved(page, () => page.locator("#offline").click());
    const bytes = (await readFile(file)).length;
    assert.ok(bytes < 10 * 1024 * 1024, `${bytes}`);
    const offline = await open(browser, pathToFileURL(file).href);
    const before = await numbers(offline);
    await drag(offline, "#map-canvas", [0.5, 0.5], [0.4, 0.6]);
    const after = await numbers(offline);
    assert.ok(changed(before.code, after.code) && after.compliance > 0);
    assert.ok(await offline.locator(".card").count() >= 3);
    assert.deepEqual(offline.errors, []);
    await shot(offline, "offline");
  }],
  ["laptop, phone and dark", async () => {
    for (const [name, given] of [["laptop", { size: [1280, 720] }], ["phone", { size: [390, 844], touch: true }], ["dark", { dark: true }]]) {
      const other = await open(browser, server.link, given);
      const wide = await other.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 0, `${name} is ${wide} pixels too wide`);
      await other.waitForTimeout(2500);
      await shot(other, name);
      assert.deepEqual(other.errors, []);
      await other.context().close();
    }
  }],
  ["no error was written on the way", async () => {
    assert.deepEqual(page.errors, []);
    assert.equal(await page.textContent("#message"), "");
  }],
  ["Ctrl-C ends it", async () => {
    assert.equal(await server.stop(), 0);
  }],
]);
await browser.close();
process.exit(failed ? 1 : 0);
