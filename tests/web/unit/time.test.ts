import { timeMarks, timeTexts } from '@/trends/time_marks';
import { formatInstant, formatTime, fromInput, rfc3339, toInput } from '@/ui/instant';
import { parseTime } from '@/messages';
import { chooseZone, comesTwice, momentsOf, ownZone, wallOf, zone } from '@/ui/zone';
import { randomFrom, seed } from './random';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

// Both nights of the clock change of 2025; a zone is half an hour off, and changes by half an hour.
const nights: Record<string, [skips: string, repeats: string]> = {
  'Europe/Berlin': ['2025-03-30T01:00:00Z', '2025-10-26T01:00:00Z'],
  'America/New_York': ['2025-03-09T07:00:00Z', '2025-11-02T06:00:00Z'],
  'America/St_Johns': ['2025-03-09T05:30:00Z', '2025-11-02T04:30:00Z'],
  'Australia/Lord_Howe': ['2025-10-04T15:30:00Z', '2025-04-05T15:00:00Z'],
};

beforeEach(() => {
  const kept = new Map<string, string>();
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, text: string) => kept.set(key, text), removeItem: (key: string) => kept.delete(key),
  });
});
afterEach(() => {
  chooseZone(ownZone);
  vi.unstubAllGlobals();
});

describe.each(Object.entries(nights))('in the nights of the clock change in %s', (name, [skips, repeats]) => {
  beforeEach(() => chooseZone(name));

  it('each minute has a text of its own, and comes back from the form', () => {
    for (const change of [skips, repeats].map((text) => Date.parse(text))) {
      const texts = new Set<string>();
      for (let ms = change - 4 * HOUR; ms < change + 4 * HOUR; ms += MINUTE) {
        texts.add(formatTime(ms));
        const moments = fromInput(toInput(ms));
        expect(moments).toContain(ms);
        expect(moments.length > 1).toBe(comesTwice(ms));
      }
      expect(texts.size).toBe(480);
    }
  });

  it('each time of the clock stands for the moments that show it, and no others', () => {
    for (const change of [skips, repeats].map((text) => Date.parse(text))) {
      const shown = new Map<number, number[]>(); // by looking at each moment
      for (let ms = change - 30 * HOUR; ms < change + 30 * HOUR; ms += 15 * MINUTE) {
        shown.set(wallOf(ms), [...(shown.get(wallOf(ms)) ?? []), ms]);
      }
      const middle = wallOf(change);
      for (let wall = middle - 4 * HOUR; wall < middle + 4 * HOUR; wall += 15 * MINUTE) {
        expect(momentsOf(wall)).toEqual(shown.get(wall) ?? []);
      }
      const counts = new Set(Array.from({ length: 32 }, (_, i) => momentsOf(middle - 4 * HOUR + i * 15 * MINUTE).length));
      expect(counts).toEqual(new Set(change === Date.parse(skips) ? [0, 1] : [1, 2]));
    }
  });

  it('the marks of the axis are at round times, and no two read alike', () => {
    for (const change of [skips, repeats].map((text) => Date.parse(text))) {
      for (const hours of [0.5, 3, 8, 24]) {
        const marks = timeMarks(change - (hours / 2) * HOUR, change + (hours / 2) * HOUR, 12);
        const texts = timeTexts(marks, change);
        expect(new Set(texts).size).toBe(texts.length);
        for (const time of marks.times) expect(wallOf(time) % Math.min(marks.step, HOUR)).toBe(0);
      }
    }
  });
});

describe('the marks of the time axis', () => {
  it(`are in order, not too many and not too few, and read apart, from microseconds to years (seed ${seed})`, () => {
    const random = randomFrom(seed);
    for (const name of [...Object.keys(nights), 'UTC', 'Asia/Kolkata', 'Pacific/Apia']) {
      chooseZone(name);
      for (let run = 0; run < 200; run += 1) {
        const from = Math.floor(Date.UTC(2000, 0, 1) + random() * 30 * 365 * 24 * HOUR) + Math.floor(1000 * random()) / 1000;
        const span = 10 ** (-1.5 + 12.5 * random());
        const most = 4 + Math.floor(12 * random());
        const marks = timeMarks(from, from + span, most);
        expect(marks.times.length).toBeLessThanOrEqual(most + 3);
        if (most > 8) expect(marks.times.length).toBeGreaterThan(1);
        for (const [index, time] of marks.times.entries()) {
          expect(time).toBeGreaterThanOrEqual(from);
          expect(time).toBeLessThanOrEqual(from + span);
          if (index > 0) expect(time).toBeGreaterThan(marks.times[index - 1]!);
        }
        const dated = marks.times.map((time, index) => `${timeTexts(marks, from)[index]} ${toInput(time).slice(0, 10)}`);
        expect(new Set(dated).size).toBe(dated.length);
      }
    }
  });

  it('have six digits where they are microseconds apart', () => {
    chooseZone('UTC');
    const from = Date.parse('2025-01-15T14:32:10.123Z');
    expect(timeTexts(timeMarks(from, from + 0.1, 4), from).map((text) => text.slice(2, 15))).toEqual(
      [':32:10.123000', ':32:10.123050', ':32:10.123100']);
  });
});

describe('a moment', () => {
  it(`is written to the microsecond, and reads back (seed ${seed})`, () => {
    const random = randomFrom(seed);
    for (let run = 0; run < 2000; run += 1) {
      const ms = Math.floor(random() * 4e15) / 1000;
      expect(Math.round(parseTime(rfc3339(ms)) * 1000)).toBe(Math.round(ms * 1000));
    }
    expect(rfc3339(Date.parse('2025-01-15T14:32:10.250Z'))).toBe('2025-01-15T14:32:10.250Z');
    expect(rfc3339(parseTime('2025-01-15T14:32:10.250007Z'))).toBe('2025-01-15T14:32:10.250007Z');
  });

  it('is shown as exactly as it was stamped', () => {
    chooseZone('UTC');
    expect(formatInstant(parseTime('2025-01-15T14:32:10.250007Z'))).toContain(':32:10.250007');
    expect(formatInstant(parseTime('2025-01-15T14:32:10.250Z'))).toContain(':32:10.250');
    expect(formatInstant(parseTime('2025-01-15T14:32:10Z'))).toMatch(/2:32:10/);
    expect(formatInstant(parseTime('2025-01-15T14:32:10.250007Z'), 5000)).not.toContain('.25');
  });
});

describe('the chosen zone', () => {
  it('is kept, and one that is none is the own', () => {
    chooseZone('Asia/Tokyo');
    expect([zone(), localStorage.getItem('webmacs.zone')]).toEqual(['Asia/Tokyo', 'Asia/Tokyo']);
    chooseZone('Nowhere/Atlantis');
    expect([zone(), localStorage.getItem('webmacs.zone')]).toEqual([ownZone, null]);
  });
});
