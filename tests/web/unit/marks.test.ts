import { marksWithin, markTexts } from '@/trends/marks';
import { SteadyRange } from '@/trends/scales';
import { formatPlain, formatValue } from '@/ui/format';
import { randomFrom, seed } from './random';

// What a reader of the text takes the number to be.
const read = (text: string) => Number(text.replaceAll(',', ''));
const texts = (min: number, max: number, most = 8) => markTexts(marksWithin(min, max, most));

describe('the marks of an axis', () => {
  it('read as what they stand for where steps are of 2.5', () => {
    expect(texts(265, 281, 7)).toEqual(['265.0', '267.5', '270.0', '272.5', '275.0', '277.5', '280.0']);
  });

  it('tell small values apart, and large ones', () => {
    expect(texts(0, 1e-9, 4)).toEqual(['0', '2.5E-10', '5.0E-10', '7.5E-10', '1.00E-9']);
    expect(texts(1.23e9, 1.23e9 + 10, 4)).toEqual(
      ['1.2300000000E9', '1.2300000025E9', '1.2300000050E9', '1.2300000075E9', '1.2300000100E9']);
  });

  it(`are their texts, and neighbours differ, in 27 decades (seed ${seed})`, () => {
    const random = randomFrom(seed);
    for (let decade = -13; decade <= 13; decade += 1) {
      for (let run = 0; run < 60; run += 1) {
        const centre = (random() - 0.5) * 2 * 10 ** decade * (random() < 0.1 ? 0 : 1);
        const span = 10 ** (decade - 8 * random()) * (0.1 + random());
        const [min, max] = new SteadyRange().of(centre, centre + span);
        const most = 2 + Math.floor(random() * 20);
        const marks = marksWithin(min, max, most);
        const shown = markTexts(marks);
        expect(marks.length).toBeLessThanOrEqual(most + 1);
        if (most >= 4) expect(marks.length).toBeGreaterThan(1);
        expect(new Set(shown).size).toBe(shown.length);
        for (const [index, { value }] of marks.entries()) {
          expect(read(shown[index]!)).toBe(value);
          expect(value).toBeGreaterThanOrEqual(min - 1e-6 * (max - min));
          expect(value).toBeLessThanOrEqual(max + 1e-6 * (max - min));
        }
      }
    }
  });

  it('are there for a constant of any size', () => {
    for (const constant of [0, 1e-300, -4.2, 1.5e9, 1e300, Number.MAX_VALUE]) {
      const [min, max] = new SteadyRange().of(constant, constant);
      const shown = texts(min, max);
      expect(new Set(shown).size).toBe(shown.length);
      expect(shown.length).toBeGreaterThan(constant === Number.MAX_VALUE ? -1 : 1);
    }
  });
});

describe('a value beside others', () => {
  it(`differs from one that lies a hundredth of the shown range away, at any size (seed ${seed})`, () => {
    const random = randomFrom(seed);
    for (let run = 0; run < 2000; run += 1) {
      const size = 10 ** (27 * random() - 13);
      const value = (random() - 0.5) * size;
      const span = size * 10 ** (-7 * random());
      const wide = random() < 0.5 ? { event_public_id: 't', min_value: 0, max_value: 100 * size } : undefined;
      expect(formatValue(wide, value, span)).not.toBe(formatValue(wide, value + span / 100, span));
      expect(Math.abs(read(formatValue(wide, value, span)) - value)).toBeLessThanOrEqual(span / 1000);
    }
  });

  it(`is written in full where all of it is asked for (seed ${seed})`, () => {
    const random = randomFrom(seed);
    for (let run = 0; run < 2000; run += 1) {
      const value = (random() - 0.5) * 10 ** (27 * random() - 13);
      expect(read(formatPlain(value))).toBe(value);
    }
  });

  it('has a name where its numbers have names', () => {
    const event = { event_public_id: 's', states: { '0': 'idle', '2': 'fault' } };
    expect([0, 2, 3].map((value) => formatValue(event, value))).toEqual(['idle', 'fault', '3.000']);
  });
});
