/** A browser, a server, and small words for tests. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";

const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** The values of `--name value` in a command line. */
export function options(list = process.argv.slice(2)) {
  const found = {};
  for (let i = 0; i < list.length; i += 2) found[list[i].replace(/^--/, "")] = list[i + 1];
  return found;
}

/** Starts the browser with playwright-core from the folder `tools`. */
export async function launch(tools) {
  const { chromium } = createRequire(path.join(path.resolve(tools), "package.json"))("playwright-core");
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
}

/** Starts `vae explore`; resolves with its link and a way to end it. */
export function serve(vae, run, ...more) {
  const child = spawn(vae, ["explore", run, "--port", "0", ...more], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((done) => { child.on("exit", done); });
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout.on("data", (part) => {
      text += part;
      const link = text.match(/http:\S+/)?.[0];
      if (link) resolve({ link, stop: async () => { child.kill("SIGINT"); return ended; } });
    });
    ended.then((code) => reject(new Error(`vae explore ended with ${code}`)));
  });
}

/** Opens the page and waits for its first judged design; errors of the page end the test. */
export async function open(browser, link, { size = [1440, 900], dark = false, touch = false } = {}) {
  const context = await browser.newContext({
    viewport: { width: size[0], height: size[1] }, colorScheme: dark ? "dark" : "light", acceptDownloads: true, hasTouch: touch,
  });
  const page = await context.newPage();
  page.errors = [];
  page.on("pageerror", (error) => page.errors.push(error.message));
  page.on("console", (message) => { if (message.type() === "error") page.errors.push(message.text()); });
  await page.goto(link);
  await settled(page);
  return page;
}

/** Waits until the design that was asked for last is shown and judged. */
export async function settled(page) {
  await page.waitForTimeout(120);
  await page.waitForFunction(() => {
    const { design, source } = globalThis.vaeExplore ?? {};
    const line = source?.lines?.get("/api/design");
    return design?.shown?.judged && !line?.busy && !line?.waiting;
  });
}

/** What the page says of its design. */
export async function numbers(page) {
  return page.evaluate(() => {
    const { head, judged } = vaeExplore.design.shown;
    return { ...structuredClone(judged), volume: head.volume, code: head.code, conditions: head.conditions, problem: structuredClone(head.problem) };
  });
}

/** Drags from a place of an element to another, given as shares of its box. */
export async function drag(page, selector, from, to, steps = 12) {
  const box = await page.locator(selector).boundingBox();
  const at = ([x, y]) => [box.x + x * box.width, box.y + y * box.height];
  await page.mouse.move(...at(from));
  await page.mouse.down();
  await page.mouse.move(...at(to), { steps });
  await page.mouse.up();
  await settled(page);
}

/** Runs tests one after the other; returns how many failed. */
export async function tests(list) {
  let failed = 0;
  for (const [name, test] of list) {
    const began = performance.now();
    try {
      await test();
      console.log(`ok    ${name} (${Math.round(performance.now() - began)} ms)`);
    } catch (error) {
      failed++;
      console.log(`FAIL  ${name}: ${error.stack}`);
    }
  }
  return failed;
}

export { assert };
