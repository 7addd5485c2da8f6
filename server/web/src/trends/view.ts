// What a trend shows, as it stands in the address: events, and either the last while (followed) or an interval.

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

export const LEAST_SPAN = 1000;
export const GREATEST_SPAN = 400 * DAY;
export const MOST_EVENTS = 20; // the hub's bound for one series request

const units: Record<string, number> = { s: 1000, m: MINUTE, h: HOUR, d: DAY };

export function parseView(query: URLSearchParams): View {
  const listed = (name: string): string[] => [...new Set((query.get(name) ?? '').split(',').filter(Boolean))];
  const events = listed('events').slice(0, MOST_EVENTS);
  const [steps, lines] = [listed('steps'), listed('lines')];
  const from = Date.parse(query.get('from') ?? '');
  const to = Date.parse(query.get('to') ?? '');
  if (from < to) return { events, follow: false, span: boundedSpan(to - from), to, steps, lines };
  const [, amount, unit] = /^(\d+(?:\.\d+)?)([smhd])$/.exec(query.get('range') ?? '') ?? [];
  const span = amount && unit ? Number(amount) * units[unit]! : 5 * MINUTE;
  return { events, follow: true, span: boundedSpan(span), to: 0, steps, lines };
}

export function viewQuery(view: View): string {
  const query = new URLSearchParams({ events: view.events.join(',') });
  if (view.follow) {
    query.set('range', rangeText(view.span));
  } else {
    query.set('from', new Date(view.to - view.span).toISOString());
    query.set('to', new Date(view.to).toISOString());
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
