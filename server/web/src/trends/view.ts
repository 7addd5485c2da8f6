// What a trend shows, as it stands in the address: events, and either the last while (followed) or an interval.

import { parseTime } from '../messages';
import { rfc3339 } from '../ui/instant';
import { readable } from '../ui/route';

export interface View {
  events: string[];
  follow: boolean;
  span: number; // ms
  to: number; // ms since 1970; the right edge when not followed
  steps: string[]; // events that are drawn in steps though their values do not hold
  lines: string[]; // and as lines though they do
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const ranges: [text: string, ms: number][] = [
  ['5 min', 5 * MINUTE],
  ['15 min', 15 * MINUTE],
  ['1 h', HOUR],
  ['6 h', 6 * HOUR],
  ['24 h', DAY],
  ['7 d', 7 * DAY],
  ['30 d', 30 * DAY],
];

export const LEAST_SPAN = 0.1;
export const GREATEST_SPAN = 400 * DAY;
export const MOST_EVENTS = 20; // the hub's bound for one series request

const units: Record<string, number> = { s: 1000, m: MINUTE, h: HOUR, d: DAY };

const KNOWN = ['events', 'range', 'from', 'to', 'steps', 'lines'];
const RANGE = /^(\d+(?:\.\d+)?)([smhd])$/;

export function parseView(query: URLSearchParams): View {
  const listed = (name: string): string[] => [...new Set((query.get(name) ?? '').split(',').filter(Boolean))];
  const events = listed('events').slice(0, MOST_EVENTS);
  const [steps, lines] = [listed('steps'), listed('lines')];
  const from = parseTime(query.get('from') ?? '');
  const to = parseTime(query.get('to') ?? '');
  if (from < to) return { events, follow: false, span: boundedSpan(to - from), to, steps, lines };
  const [, amount, unit] = RANGE.exec(query.get('range') ?? '') ?? [];
  const span = amount && unit ? Number(amount) * units[unit]! : 5 * MINUTE;
  return { events, follow: true, span: boundedSpan(span), to: 0, steps, lines };
}

// What of the address cannot be shown as it stands there; each a sentence.
export function addressProblems(query: URLSearchParams): string[] {
  const problems = [...query.keys()].filter((name) => !KNOWN.includes(name)).map((name) => `The address asks for “${name}”, which trends do not know.`);
  const range = query.get('range');
  const [from, to] = [query.get('from'), query.get('to')];
  if (range !== null && !RANGE.test(range)) problems.push(`“range=${range}” in the address is no length of time, as 90s, 5m, 1h or 7d are.`);
  for (const [name, text] of [['from', from], ['to', to]] as const) {
    if (text !== null && Number.isNaN(parseTime(text))) problems.push(`“${name}=${text}” in the address is no time, as 2025-01-15T14:00:00Z is.`);
  }
  if ((from === null) !== (to === null)) problems.push('The address has only one of “from” and “to”.');
  if (from !== null && to !== null && parseTime(from) >= parseTime(to)) problems.push('In the address “to” is not after “from”.');
  if (from !== null && to !== null && parseTime(to) - parseTime(from) > GREATEST_SPAN) problems.push('The address asks for more time than a plot shows.');
  const asked = new Set((query.get('events') ?? '').split(',').filter(Boolean)).size;
  if (asked > MOST_EVENTS) problems.push(`The address names ${asked} events; a plot holds ${MOST_EVENTS}.`);
  return problems;
}

export function viewQuery(view: View): string {
  const query = new URLSearchParams({ events: view.events.join(',') });
  if (view.follow) {
    query.set('range', rangeText(view.span));
  } else {
    query.set('from', rfc3339(view.to - view.span));
    query.set('to', rfc3339(view.to));
  }
  for (const shape of ['steps', 'lines'] as const) {
    const shown = view[shape].filter((id) => view.events.includes(id));
    if (shown.length > 0) query.set(shape, shown.join(','));
  }
  return readable(query);
}

export function boundedSpan(span: number): number {
  return Math.min(GREATEST_SPAN, Math.max(LEAST_SPAN, span));
}

function rangeText(span: number): string {
  for (const [unit, ms] of Object.entries(units).reverse()) {
    if (span % ms === 0) return `${span / ms}${unit}`;
  }
  return `${Math.round(span) / 1000}s`;
}
