// The marks of the time axis, at round times of the zone that is shown, from microseconds to years; and their texts, as fine
// as the distance of the marks asks for, with the date where a day begins and the zone's name in the hour that comes twice.

import { dayOf, zoned } from '../ui/instant';
import { comesTwice, momentsOf, wallOf, zoneNameAt } from '../ui/zone';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MONTH = 30 * DAY; // about

const fractions = [1e-3, 1e-2, 1e-1, 1, 10, 100].flatMap((unit) => [unit, 2 * unit, 5 * unit]);
const clocks = [1, 2, 5, 10, 15, 30].flatMap((n) => [n * SECOND, n * MINUTE]).sort((a, b) => a - b);
const hours = [1, 2, 3, 6, 12].map((n) => n * HOUR);
const days = [1, 2, 5, 10].map((n) => n * DAY);
const months = [1, 3, 6, 12, 24, 60, 120];
const STEPS = [...fractions, ...clocks, ...hours, ...days, ...months.map((n) => n * MONTH)];

export interface TimeMarks {
  step: number; // ms, about
  times: number[];
}

// Within [from, to] in ms since 1970, at most about `most`.
export function timeMarks(from: number, to: number, most: number): TimeMarks {
  const distance = (to - from) / Math.max(1, most);
  const step = STEPS.find((candidate) => candidate >= distance) ?? STEPS[STEPS.length - 1]!;
  const times = step >= MONTH ? byMonth(from, to, Math.round(step / MONTH))
    : step >= 5 * DAY ? byMonth(from, to, 1, step / DAY)
      : step >= HOUR ? byWall(from, to, step) : even(from, to, step);
  return { step, times: times.filter((time) => time >= from && time <= to) };
}

// Clocks are changed by whole quarters of an hour at least: what is finer is even through the change.
function even(from: number, to: number, step: number): number[] {
  const ahead = wallOf(from) - from;
  const perStep = Math.max(1, Math.round(1 / step)); // of fractions: marks are whole multiples, without their error
  const times: number[] = [];
  for (let i = Math.ceil((from + ahead) / step - 1e-6); ; i += 1) {
    const time = (step < 1 ? i / perStep : i * step) - ahead;
    if (time > to) return times;
    times.push(time);
  }
}

// At round times of the clock: an hour that comes twice has its mark twice, one that is skipped has none; a day has one.
function byWall(from: number, to: number, step: number): number[] {
  const end = wallOf(to) + DAY;
  const times = new Set<number>();
  for (let wall = Math.floor((wallOf(from) - DAY) / step) * step; wall <= end; wall += step) {
    for (const time of step < DAY ? momentsOf(wall) : momentsOf(wall).slice(0, 1)) times.add(time);
  }
  return [...times].sort((a, b) => a - b);
}

// On the first of every so many months, and, with `every`, on each so many days within one.
function byMonth(from: number, to: number, count: number, every = 0): number[] {
  const begin = new Date(wallOf(from));
  const times: number[] = [];
  for (let month = Math.floor((begin.getUTCFullYear() * 12 + begin.getUTCMonth()) / count) * count; ; month += count) {
    const first = Date.UTC(Math.floor(month / 12), month % 12, 1);
    const next = Date.UTC(Math.floor((month + 1) / 12), (month + 1) % 12, 1);
    if (first > wallOf(to) + DAY) return times;
    // The last days of a month have no mark of their own where the next first is near.
    for (let wall = first; wall === first || (every > 0 && wall <= next - (every * DAY) / 2); wall += every * DAY || Infinity) {
      times.push(...momentsOf(wall).slice(0, 1));
    }
  }
}

const options: [below: number, format: Intl.DateTimeFormatOptions][] = [
  [SECOND, { hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3 }],
  [MINUTE, { hour: '2-digit', minute: '2-digit', second: '2-digit' }],
  [DAY, { hour: '2-digit', minute: '2-digit' }],
  [MONTH, { month: 'short', day: 'numeric' }],
  [Infinity, { year: 'numeric', month: 'short' }],
];

// `now` decides whether the first mark tells its day.
export function timeTexts({ step, times }: TimeMarks, now: number): string[] {
  const [, given] = options.find(([limit]) => step < limit)!;
  const format = zoned(given);
  const date = zoned({ month: 'short', day: 'numeric' });
  let day = '';
  return times.map((time, index) => {
    const zone = step < DAY && comesTwice(time) ? ` ${zoneNameAt(time)}` : '';
    const text = `${step < 1 ? microseconds(format, time) : format.format(time)}${zone}`;
    const today = dayOf(time);
    const isNew = step < DAY && today !== day && (index > 0 || today !== dayOf(now));
    day = today;
    return isNew ? `${text}\n${date.format(time)}` : text;
  });
}

function microseconds(format: Intl.DateTimeFormat, time: number): string {
  const rounded = Math.round(time * 1000) / 1000;
  const micros = String(Math.round((rounded - Math.floor(rounded)) * 1000)).padStart(3, '0');
  return format.formatToParts(Math.floor(rounded)).map(({ type, value }) => (type === 'fractionalSecond' ? value + micros : value)).join('');
}
