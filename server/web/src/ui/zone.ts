// The time zone in which moments are shown: the reader's own, UTC, or one that was chosen; kept on this device.

import { Signal } from '../data/signal';

const KEY = 'webmacs.zone';
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

export const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
export const zoneChanged = new Signal();

let chosen: string | null = null; // null: not read yet

export function zone(): string {
  chosen ??= readKept();
  return chosen;
}

export function chooseZone(name: string): void {
  chosen = isZone(name) ? name : ownZone;
  if (chosen === ownZone) localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, chosen);
  zoneChanged.emit();
}

function readKept(): string {
  const kept = typeof localStorage === 'undefined' ? null : localStorage.getItem(KEY);
  return kept !== null && isZone(kept) ? kept : ownZone;
}

function isZone(name: string): boolean {
  try {
    Intl.DateTimeFormat(undefined, { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const QUARTER = HOUR / 4;
const MOST_OFFSETS = 5000;
const offsets = new Map<string, number>();
const walls = new Map<string, Intl.DateTimeFormat>();

// What the clocks of a zone show at a moment, as if it were UTC: ms since 1970, microseconds as their fraction.
export function wallOf(ms: number, name = zone()): number {
  return ms + ahead(ms, name);
}

// How far the clocks are ahead of UTC. They are changed at whole quarters of an hour: each is asked for once.
function ahead(ms: number, name: string): number {
  const quarter = Math.floor(ms / QUARTER);
  const key = `${name} ${quarter}`;
  let known = offsets.get(key);
  if (known === undefined) {
    if (offsets.size >= MOST_OFFSETS) offsets.clear();
    known = askedWall(quarter * QUARTER, name) - quarter * QUARTER;
    offsets.set(key, known);
  }
  return known;
}

function askedWall(ms: number, name: string): number {
  let format = walls.get(name);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: name, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric',
    });
    walls.set(name, format);
  }
  const part = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(part.year!, part.month! - 1, part.day, part.hour, part.minute, part.second);
}

// The moments at which the clocks show that: one, two in the hour that comes twice, none in the one that is skipped.
export function momentsOf(wall: number, name = zone()): number[] {
  const around = new Set([wall - DAY, wall + DAY].map((ms) => ahead(ms, name)));
  return [...around].map((offset) => wall - offset).filter((ms) => Math.abs(wallOf(ms, name) - wall) < 0.0005).sort((a, b) => a - b);
}

export function comesTwice(ms: number, name = zone()): boolean {
  return momentsOf(wallOf(ms, name), name).length > 1;
}

// As people call it then: CEST, or GMT+9 where it has no name in the reader's language.
export function zoneNameAt(ms: number, name = zone()): string {
  const parts = Intl.DateTimeFormat(undefined, { timeZone: name, timeZoneName: 'short' }).formatToParts(ms);
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? name;
}
