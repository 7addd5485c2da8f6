// The texts under the horizontal axis, in the reader's locale and zone: as fine as the distance of the marks asks for,
// with the date where a day begins.

import type uPlot from 'uplot';

const DAY = 86_400_000;
const options: [below: number, format: Intl.DateTimeFormatOptions][] = [
  [1000, { hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 1 }],
  [60_000, { hour: '2-digit', minute: '2-digit', second: '2-digit' }],
  [DAY, { hour: '2-digit', minute: '2-digit' }],
  [300 * DAY, { month: 'short', day: 'numeric' }],
  [Infinity, { year: 'numeric', month: 'short' }],
];
const formats = new Map<number, Intl.DateTimeFormat>();
const dateFormat = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' });

export function axisTimes(_plot: uPlot, splits: number[], _axis: number, _space: number, step: number): string[] {
  const [below, given] = options.find(([limit]) => step < limit)!;
  let format = formats.get(below);
  if (!format) {
    format = new Intl.DateTimeFormat(undefined, given);
    formats.set(below, format);
  }
  let day = '';
  return splits.map((time, index) => {
    const text = format.format(time);
    const date = new Date(time).toDateString();
    const isNew = date !== day && step < DAY && (index === 0 ? Date.now() - time > DAY : true);
    day = date;
    return isNew ? `${text}\n${dateFormat.format(time)}` : text;
  });
}
