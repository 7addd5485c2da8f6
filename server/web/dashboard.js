// The first page: a tile per event with its latest value, and how fresh it is.

import { DatapointStream } from './websocket.js';

const TOKEN_KEY = 'webmacs.token';
const LEAST_STALE_MS = 2000;
const STALE_UNDESCRIBED_MS = 30000;
const DESCRIPTIONS_MS = 15000;

const byId = (id) => document.getElementById(id);
const events = new Map(); // event_public_id -> description
const latest = new Map(); // event_public_id -> datapoint
const controllers = new Map(); // name -> state
const tiles = new Map(); // event_public_id -> elements
let stream = null;
let describing = null;
let clockAhead = 0; // ms that this computer's clock is ahead of the hub's

function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given) {
    sessionStorage.setItem(TOKEN_KEY, given);
    history.replaceState(null, '', location.pathname + location.search);
  }
  return sessionStorage.getItem(TOKEN_KEY);
}

async function get(path) {
  const response = await fetch(path, {
    headers: { Authorization: `Bearer ${sessionStorage.getItem(TOKEN_KEY)}` },
  });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

async function describe() {
  try {
    for (let page = 1, seen = 0, total = 1; seen < total; page += 1) {
      const list = await get(`/api/v1/events?page_size=100&page=${page}`);
      for (const event of list.data) events.set(event.event_public_id, event);
      total = list.total;
      seen = list.data.length === 0 ? total : seen + list.data.length;
    }
    for (const controller of await get('/api/v1/controllers')) controllers.set(controller.name, controller);
    layOut();
  } catch {
    // The stream's state says what is wrong; descriptions come with the next try.
  }
}

function staleAfter(event) {
  const expected = event?.max_silence ?? event?.poll_interval;
  return expected ? Math.max(3000 * expected, LEAST_STALE_MS) : STALE_UNDESCRIBED_MS;
}

function formatValue(event, value) {
  if (event?.type === 'digital') return value === 0 ? 'off' : 'on';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e7)) return value.toExponential(3);
  return value.toLocaleString(undefined, { maximumSignificantDigits: size >= 1000 ? 6 : 5 });
}

function formatAge(ms) {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s ago`;
  if (seconds < 120) return `${Math.round(seconds)} s ago`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min ago`;
  return `${Math.round(seconds / 3600)} h ago`;
}

function element(tag, className, parent) {
  const made = document.createElement(tag);
  made.className = className;
  parent.append(made);
  return made;
}

function heading(controller, device) {
  const state = controllers.get(controller);
  const made = document.createElement('h2');
  made.append([controller ?? 'unknown controller', device].filter(Boolean).join(' · '));
  if (state && !state.online) element('span', 'offline', made).textContent = ' — offline';
  const broken = state?.devices?.find((d) => d.name === device && d.state === 'offline');
  if (broken) element('span', 'offline', made).textContent = ` — device offline: ${broken.error}`;
  return made;
}

// Groups by controller and device; called when an event, a description or a controller's state is new.
function layOut() {
  const groups = new Map();
  for (const id of new Set([...events.keys(), ...latest.keys()])) {
    const event = events.get(id);
    const key = JSON.stringify([event?.controller ?? null, event?.device ?? null]);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(id);
  }
  tiles.clear();
  byId('rigs').replaceChildren();
  for (const key of [...groups.keys()].sort()) {
    const section = element('section', '', byId('rigs'));
    section.append(heading(...JSON.parse(key)));
    const list = element('ul', 'tiles', section);
    for (const id of groups.get(key)) {
      const tile = element('li', 'tile', list);
      const name = element('p', 'name', tile);
      name.textContent = events.get(id)?.name || id;
      name.title = id;
      const line = element('p', 'value', tile);
      const value = element('span', '', line);
      const unit = element('span', 'unit', line);
      unit.textContent = events.get(id)?.unit ? ` ${events.get(id).unit}` : '';
      tiles.set(id, { tile, value, note: element('p', 'note', tile) });
    }
  }
  byId('empty').hidden = tiles.size > 0 || !stream;
  paint();
}

function paint() {
  const now = Date.now() - clockAhead;
  for (const [id, { tile, value, note }] of tiles) {
    const point = latest.get(id);
    const event = events.get(id);
    const age = point ? now - Date.parse(point.timestamp) : Infinity;
    const stale = age > staleAfter(event);
    const bad = point?.quality === 'bad';
    tile.dataset.state = bad ? 'bad' : stale ? 'stale' : 'good';
    tile.title = point ? point.timestamp : '';
    value.textContent = !point || bad ? '—' : formatValue(event, point.value);
    if (!point) note.textContent = 'no value yet';
    else if (bad) note.textContent = `bad: ${point.reason}, since ${formatAge(age)}`;
    else note.textContent = stale ? `stale: last value ${formatAge(age)}` : formatAge(age);
  }
}

function onDatapoints(points) {
  let unknown = false;
  for (const point of points) {
    const known = latest.get(point.event_public_id);
    if (known && Date.parse(known.timestamp) > Date.parse(point.timestamp)) continue;
    latest.set(point.event_public_id, point);
    unknown ||= !tiles.has(point.event_public_id);
  }
  if (unknown) {
    layOut();
    describe();
  }
}

function onState(state) {
  byId('connection').dataset.state = state;
  byId('connection').textContent = state === 'denied' ? 'denied: this token is not valid' : state;
  if (state === 'denied') askForToken();
  if (state === 'live') describe();
}

function askForToken() {
  sessionStorage.removeItem(TOKEN_KEY);
  clearInterval(describing);
  byId('entry').hidden = false;
  byId('forget').hidden = true;
  byId('token').focus();
}

async function measureClock() {
  try {
    const asked = Date.now();
    const response = await fetch('/health', { cache: 'no-store' });
    const date = Date.parse(response.headers.get('Date'));
    if (date) clockAhead = Math.abs((asked + Date.now()) / 2 - date) > 2000 ? (asked + Date.now()) / 2 - date : 0;
  } catch {
    // Offline: the stream says so.
  }
}

function enter() {
  byId('entry').hidden = true;
  byId('forget').hidden = false;
  measureClock();
  stream = new DatapointStream(sessionStorage.getItem(TOKEN_KEY), {
    onDatapoints,
    onState,
    onStatus: (state) => {
      const before = controllers.get(state.name);
      controllers.set(state.name, state);
      if (before?.online !== state.online || JSON.stringify(before?.devices) !== JSON.stringify(state.devices)) layOut();
    },
  });
  stream.start();
  describing = setInterval(describe, DESCRIPTIONS_MS);
}

byId('entry').addEventListener('submit', (submitted) => {
  submitted.preventDefault();
  sessionStorage.setItem(TOKEN_KEY, byId('token').value.trim());
  byId('token').value = '';
  enter();
});
byId('forget').addEventListener('click', () => {
  stream?.stop();
  askForToken();
  byId('connection').textContent = 'signed out';
});
addEventListener('pagehide', () => stream?.stop());
addEventListener('pageshow', (shown) => shown.persisted && location.reload());
setInterval(paint, 200);

if (takeToken()) {
  enter();
} else {
  onState('denied');
  byId('connection').textContent = 'a token is needed';
}
