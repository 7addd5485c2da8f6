// The marks of a vertical axis: round numbers, each a whole number of units of its last written digit. So the text of a
// mark is its value, whatever the size, and neighbours differ.

import { formatDecimal } from '../ui/format';

export interface Mark {
  value: number; // digits · 10^exponent, as a double reads it
  exponent: number; // of the last digit that is written; the same for all marks of an axis
}

// 1, 2, 2.5 and 5, in units of their last digit.
const STEPS: [digits: number, exponent: number, size: number][] = [[1, 0, 1], [2, 0, 2], [25, -1, 2.5], [5, 0, 5], [1, 1, 10]];
const ENOUGH = 1 - 1e-9;

// Within [min, max], at most about `most`, as close as that allows.
export function marksWithin(min: number, max: number, most: number): Mark[] {
  if (!(max > min) || !Number.isFinite(max - min)) return [];
  const distance = (max - min) / Math.max(1, most);
  const power = Math.floor(Math.log10(distance));
  const [digits, shift] = STEPS.find(([, , size]) => size * 10 ** power >= distance * ENOUGH) ?? STEPS[STEPS.length - 1]!;
  const exponent = power + shift;
  const step = decimal(digits, exponent);
  const found: Mark[] = [];
  for (let i = Math.ceil(min / step - 1e-9), end = Math.floor(max / step + 1e-9); i <= end; i += 1) {
    found.push({ value: decimal(i * digits, exponent), exponent });
  }
  return found;
}

// As many decimals as the marks have, all alike; with an exponent where the numbers are huge or tiny.
export function markTexts(marks: Mark[]): string[] {
  const greatest = Math.max(...marks.map(({ value }) => Math.abs(value)));
  return marks.map(({ value, exponent }) => formatDecimal(value, exponent, greatest));
}

function decimal(digits: number, exponent: number): number {
  return digits === 0 ? 0 : Number(`${digits}e${exponent}`);
}
