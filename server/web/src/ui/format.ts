// Numbers in the reader's locale, ages in words.

import type { EventDescription } from '../messages';

const HUGE = 1e9; // from here on numbers are written with an exponent
const TINY = 1e-5; // and below it
const MOST_DECIMALS = 20;

const formats = new Map<string, Intl.NumberFormat>();

function number(value: number, options: Intl.NumberFormatOptions): string {
  const key = JSON.stringify(options);
  let format = formats.get(key);
  if (!format) {
    format = new Intl.NumberFormat(undefined, options);
    formats.set(key, format);
  }
  return format.format(value);
}

// As many decimals as the measuring range carries, so that digits do not jump; without a range, five significant ones.
export function decimalsFor(event: EventDescription | undefined, value: number): number {
  const low = event?.min_value;
  const high = event?.max_value;
  const size = low != null && high != null && high > low ? high - low : Math.abs(value) * 2;
  if (size === 0) return 1;
  return Math.min(6, Math.max(0, 3 - Math.floor(Math.log10(size / 2))));
}

// `span`: of the values that are shown beside it; they are told apart to a thousandth of it.
export function formatValue(event: EventDescription | undefined, value: number, span = 0): string {
  const state = stateOf(event, value);
  if (state !== null) return state;
  const size = Math.abs(value);
  const needed = span > 0 ? Math.ceil(3 - Math.log10(span)) : -Infinity;
  if (size !== 0 && (size >= HUGE || size < TINY)) return scientific(value, Math.max(3, magnitude(size) + needed));
  const decimals = Math.min(MOST_DECIMALS, Math.max(decimalsFor(event, value), needed));
  const shown = number(value, { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  // A small value in a wide range must not look like zero.
  return value !== 0 && Number(size.toFixed(decimals)) === 0 ? number(value, { maximumSignificantDigits: 3 }) : shown;
}

// What a value is called where its numbers have names; null where it is a quantity.
export function stateOf(event: EventDescription | undefined, value: number): string | null {
  const named = event?.states?.[String(value)];
  if (named) return named;
  if (event?.type === 'digital') return value === 0 ? 'off' : 'on';
  return null;
}

// To the digit that is worth 10^exponent, with an exponent of its own where `greatest`, the largest of those that it stands
// beside, is huge or tiny.
export function formatDecimal(value: number, exponent: number, greatest: number): string {
  if (greatest >= HUGE || (greatest > 0 && greatest < TINY)) {
    return value === 0 ? number(0, {}) : scientific(value, Math.max(0, magnitude(Math.abs(value)) - exponent));
  }
  const decimals = Math.min(MOST_DECIMALS, Math.max(0, -exponent));
  return number(value, { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

function scientific(value: number, decimals: number): string {
  const shown = Math.min(MOST_DECIMALS, decimals);
  return number(value, { notation: 'scientific', minimumFractionDigits: shown, maximumFractionDigits: shown });
}

// The exponent of its first digit.
function magnitude(size: number): number {
  return Number(size.toExponential().split('e')[1]);
}

// All of its digits: what it prints reads back to the same double.
export function formatPlain(value: number): string {
  const size = Math.abs(value);
  const scientifically = size !== 0 && (size >= 1e15 || size < TINY);
  return number(value, { maximumSignificantDigits: 17, ...(scientifically ? { notation: 'scientific' } : {}) });
}

export function formatCount(value: number): string {
  return number(value, { maximumFractionDigits: 0 });
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const step = bytes < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${number(bytes / 1024 ** step, { maximumFractionDigits: step === 0 ? 0 : 1 })} ${units[step]}`;
}

export function formatLimit(value: number): string {
  return number(value, { maximumSignificantDigits: 6 });
}

// A short span that is known to hundredths; never "0".
export function formatSeconds(seconds: number): string {
  return `${number(Math.max(0.01, seconds), { minimumFractionDigits: 2, maximumFractionDigits: 2 })} s`;
}

export function formatAge(ms: number): string {
  if (ms < 1500) return 'now';
  return `${formatSpan(ms)} ago`;
}

export function formatSpan(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 120) return `${Math.floor(seconds)} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 2 * 86400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}

// 1:02:03, for what runs.
export function formatElapsed(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const clock = [Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, '0')).join(':');
  const hours = Math.floor(seconds / 3600);
  return hours < 48 ? `${hours}:${clock}` : `${Math.floor(hours / 24)} d ${hours % 24}:${clock}`;
}
