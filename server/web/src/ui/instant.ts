// Moments as texts, in the zone that is shown. One of the hour that comes twice is told apart by its zone's name.

import { comesTwice, momentsOf, wallOf, zone, zoneNameAt } from './zone';

const formats = new Map<string, Intl.DateTimeFormat>();

// In the zone that is shown, by the reader's locale.
export function zoned(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = zone() + JSON.stringify(options);
  let format = formats.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat(undefined, { ...options, timeZone: zone() });
    formats.set(key, format);
  }
  return format;
}

export function formatTime(ms: number): string {
  return unmistakable(ms, zoned({ dateStyle: 'medium', timeStyle: 'medium' }).format(ms));
}

// Without the date when it is today.
export function formatMoment(ms: number): string {
  return isToday(ms) ? unmistakable(ms, zoned({ timeStyle: 'medium' }).format(ms)) : formatTime(ms);
}

// When something was measured, as exactly as it was stamped; `resolution`: ms, finer than that is not said.
export function formatInstant(ms: number, resolution = 0.001): string {
  const digits = fractionDigits(ms, resolution);
  if (digits === 0) return formatMoment(ms);
  const clock: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3 };
  const date: Intl.DateTimeFormatOptions = isToday(ms) ? {} : { year: 'numeric', month: 'short', day: 'numeric' };
  const parts = zoned({ ...date, ...clock }).formatToParts(Math.floor(ms));
  return unmistakable(ms, parts.map(({ type, value }) => (type === 'fractionalSecond' && digits === 6 ? value + micros(ms) : value)).join(''));
}

// 2025-01-15 14:32:10.250 UTC
export function utc(ms: number): string {
  return `${rfc3339(ms).replace('T', ' ').replace('Z', '')} UTC`;
}

// As the hub reads and writes it: three digits of a second, or six where the moment needs them.
export function rfc3339(ms: number): string {
  const rounded = Math.round(ms * 1000) / 1000;
  const text = new Date(Math.floor(rounded)).toISOString();
  return micros(rounded) === '000' ? text : text.replace('Z', `${micros(rounded)}Z`);
}

// For <input type="datetime-local">; milliseconds are kept.
export function toInput(ms: number): string {
  return new Date(Math.round(wallOf(ms))).toISOString().slice(0, -1);
}

// The moments that such a text may stand for: see momentsOf.
export function fromInput(text: string): number[] {
  const wall = Date.parse(`${text}Z`);
  return Number.isNaN(wall) ? [] : momentsOf(wall);
}

export function dayOf(ms: number): string {
  return new Date(wallOf(ms)).toISOString().slice(0, 10);
}

function isToday(ms: number): boolean {
  return dayOf(ms) === dayOf(Date.now());
}

function unmistakable(ms: number, text: string): string {
  return comesTwice(ms) ? `${text} ${zoneNameAt(ms)}` : text;
}

function fractionDigits(ms: number, resolution: number): 0 | 3 | 6 {
  if (resolution >= 1000) return 0;
  if (resolution < 1 && micros(ms) !== '000') return 6;
  return resolution < 1 && Number.isInteger(ms / 1000) ? 0 : 3;
}

function micros(ms: number): string {
  return String(Math.round((ms - Math.floor(ms)) * 1000) % 1000).padStart(3, '0');
}
