// Debian's Chromium, or its Firefox by WebDriver BiDi (WEBMACS_BROWSER=firefox), driven from standard input: a line
// {"id","call","args"} is a method of the page (or one of the calls below), answered by a line {"id","result"} or
// {"id","error"}. harness/browser.py is its other end. Every request the page makes is recorded, and what it says that
// sounds like an error.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const packages = createRequire(new URL('../../server/web/package.json', import.meta.url));
const { chromium, firefox } = packages('playwright-core');

const flags = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage',
];

const profile = mkdtempSync(join(tmpdir(), 'webmacs-browser-'));
let browser; // Firefox; Chromium is its context
let context;
let page;
const others = []; // tabs that stay open
let devtools;
let requests = [];
let problems = [];

const calls = {
  async launch(options) {
    context = await (process.env.WEBMACS_BROWSER === 'firefox' ? inFirefox : inChromium)({
      locale: 'en-GB', timezoneId: 'Europe/Berlin', acceptDownloads: true, ...options,
    });
    context.setDefaultTimeout(1000 * Number(process.env.WEBMACS_STATE_SECONDS ?? '120'));
    watch((page = context.pages()[0] ?? (await context.newPage())));
    if (!browser && process.env.WEBMACS_BROWSER_SLOWNESS) {
      await calls.devtools('Emulation.setCPUThrottlingRate', { rate: Number(process.env.WEBMACS_BROWSER_SLOWNESS) });
    }
  },
  // All that a test has left; the next one launches again. Firefox itself stays.
  async leave() {
    await context.close();
    context = page = devtools = undefined;
    others.length = 0;
    calls.forget();
  },
  // Another tab, which is the page from now on; the old one is closed.
  async reopen() {
    const old = page;
    watch((page = await context.newPage()));
    devtools = undefined;
    await old.close();
  },
  // Ctrl+click: the tab that opens is the page from now on; the old one stays.
  async openInTab(selector) {
    const [opened] = await Promise.all([context.waitForEvent('page'), page.click(selector, { modifiers: ['Control'] })]);
    others.push(page);
    watch((page = opened));
    devtools = undefined;
  },
  // The tab before is the page again; this one stays.
  previousTab() {
    others.push(page);
    page = others.shift();
    devtools = undefined;
  },
  // Requests whose address matches come to the hub so much later.
  async hold(pattern, ms) {
    await page.route(pattern, async (route) => {
      await new Promise((done) => setTimeout(done, ms));
      await route.continue().catch(() => null); // the page may have gone on
    });
  },
  requests: () => requests,
  problems: () => problems,
  forget() {
    requests = [];
    problems = [];
  },
  // Clicks, and saves what that downloads.
  async download(selector, path) {
    const [download] = await Promise.all([page.waitForEvent('download'), page.click(selector)]);
    await download.saveAs(path);
    return download.suggestedFilename();
  },
  // What axe-core finds, the rules' names and where.
  async axe() {
    await page.evaluate(readFileSync(packages.resolve('axe-core/axe.min.js'), 'utf8'));
    const { violations } = await page.evaluate('axe.run(document, { resultTypes: ["violations"] })');
    return violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.map((node) => `${node.html} ${node.failureSummary}`) }));
  },
  async devtools(method, parameters) {
    devtools ??= await context.newCDPSession(page);
    return devtools.send(method, parameters);
  },
  keyboard: (key) => page.keyboard.press(key),
  move: (x, y) => page.mouse.move(x, y),
  // By BiDi two clicks stay two clicks: what Firefox makes of a person's is made here.
  async doubleClick(x, y) {
    await page.mouse.dblclick(x, y);
    if (browser) await page.evaluate(`document.elementFromPoint(${x}, ${y}).dispatchEvent(new MouseEvent('dblclick', { bubbles: true }))`);
  },
  wheel: (x, y) => page.mouse.wheel(x, y),
  // One finger, step by step: ["touchStart" or "touchMove", [x, y]] or ["touchEnd"], stamped 20 ms apart, however slow the
  // page is.
  async touch(steps) {
    if (browser) return touchByBidi(steps);
    const begin = Date.now() / 1000;
    for (const [index, [type, place]] of steps.entries()) {
      const touchPoints = place ? [{ x: place[0], y: place[1] }] : [];
      await calls.devtools('Input.dispatchTouchEvent', { type, touchPoints, timestamp: begin + 0.02 * index });
      await new Promise((done) => setTimeout(done, 20));
    }
  },
  async drag(x, y, toX, toY) {
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(toX, toY, { steps: 5 });
    await page.mouse.up();
  },
};

function inChromium(options) {
  return chromium.launchPersistentContext(profile, {
    executablePath: process.env.WEBMACS_CHROMIUM ?? '/usr/bin/chromium', args: flags, ...options,
  });
}

// The channel's name is what makes Playwright speak BiDi; it knows no persistent context there.
async function inFirefox(options) {
  browser ??= await firefox.launch({ channel: 'moz-firefox', executablePath: '/usr/bin/firefox-esr', timeout: 120_000 });
  return browser.newContext(options);
}

// Playwright has no finger that moves; the protocol has, and keeps where it was from one call to the next.
async function touchByBidi(steps) {
  const session = page._connection.toImpl(page).delegate._session;
  const actions = steps.flatMap(([type, place]) => [
    { type: 'pause', duration: 20 },
    ...(place ? [{ type: 'pointerMove', x: Math.round(place[0]), y: Math.round(place[1]) }] : []),
    ...(type === 'touchStart' ? [{ type: 'pointerDown', button: 0 }] : type === 'touchEnd' ? [{ type: 'pointerUp', button: 0 }] : []),
  ]);
  await session.send('input.performActions', {
    context: session.sessionId, actions: [{ type: 'pointer', id: 'finger', parameters: { pointerType: 'touch' }, actions }],
  });
}

// That the hub is away is said by the browser, and is no mistake of the page.
const ofTheNetwork = /^Failed to load resource|WebSocket connection to|Firefox can.t establish a connection|The connection to \S+ was interrupted/;

function watch(opened) {
  opened.on('request', (request) => requests.push({ method: request.method(), url: request.url() }));
  opened.on('websocket', (socket) => requests.push({ method: 'WS', url: socket.url() }));
  opened.on('pageerror', (error) => {
    const text = String(error.stack ?? error);
    if (!ofTheNetwork.test(text)) problems.push(text);
  });
  opened.on('console', (message) => {
    if (message.type() === 'error' && !ofTheNetwork.test(message.text())) problems.push(message.text());
  });
}

function plain(result) {
  return result === undefined || (typeof result === 'object' && result?.constructor?.name === 'ElementHandle') ? null : result;
}

async function answer(line) {
  const { id, call, args } = JSON.parse(line);
  try {
    let result = await (calls[call] ?? page[call].bind(page))(...args);
    if (Buffer.isBuffer(result) || (result && typeof result === 'object' && typeof result._channel === 'object')) result = null;
    process.stdout.write(`${JSON.stringify({ id, result: plain(result) })}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ id, error: String(error.message ?? error) })}\n`);
  }
}

for await (const line of createInterface({ input: process.stdin })) await answer(line);
await context?.close();
await browser?.close();
rmSync(profile, { recursive: true, force: true });
