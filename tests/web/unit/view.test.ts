import { parseView, viewQuery, MOST_EVENTS } from '@/trends/view';
import { parseRoute, trendsLink } from '@/ui/route';
import { SteadyRange } from '@/trends/scales';
import { decimalsFor, formatAge, formatElapsed, formatSpan, formatValue } from '@/ui/format';
import { utc } from '@/ui/instant';

const parse = (query: string) => parseView(new URLSearchParams(query));

describe('a trend\'s address', () => {
  it.each(['events=a,b&range=5m', 'events=a&range=30d', 'events=evt.x:1&range=17m', 'events=a&range=90s',
    'events=a,b&from=2025-01-15T14:00:00.000Z&to=2025-01-15T15:00:00.000Z'])('comes back as it was: %s', (query) => {
    expect(viewQuery(parse(query))).toBe(query);
  });

  it('follows five minutes when it says nothing, or nonsense', () => {
    for (const query of ['', 'range=', 'range=-5m', 'range=5y', 'from=x&to=y', 'from=2025-01-02T00:00Z&to=2025-01-01T00:00Z']) {
      expect(parse(query)).toMatchObject({ follow: true, span: 300_000 });
    }
  });

  it('holds each event once, and no more than the hub answers', () => {
    expect(parse('events=a,,b,a').events).toEqual(['a', 'b']);
    expect(parse(`events=${Array.from({ length: 40 }, (_, i) => `e${i}`).join()}`).events).toHaveLength(MOST_EVENTS);
  });

  it('bounds what is shown', () => {
    expect(parse('range=0.00001s').span).toBe(0.1);
    expect(parse('range=99999d').span).toBe(400 * 86_400_000);
  });
});

describe('routes', () => {
  it('name a page, and what follows', () => {
    expect(parseRoute('#/experiments/exp_1')).toMatchObject({ page: 'experiments', id: 'exp_1' });
    expect(parseRoute(trendsLink(['a', 'b']))).toMatchObject({ page: 'trends' });
    expect(parseRoute('#/nowhere')).toMatchObject({ page: null, name: 'nowhere' });
    expect([parseRoute(''), parseRoute('#'), parseRoute('#/')].map(({ page }) => page)).toEqual(['overview', 'overview', 'overview']);
    expect(parseRoute('#/experiments/%').id).toBe('');
  });
});

describe('a vertical axis', () => {
  it('stays while the data fits, and grows at once', () => {
    const range = new SteadyRange();
    const first = range.of(0, 100);
    expect(range.of(10, 90)).toEqual(first);
    expect(range.of(0, 200)[1]).toBeGreaterThan(200);
    expect(range.of(0, 20)[1]).toBeLessThan(30);
  });

  it('has a height for a constant, and for nothing', () => {
    const [low, high] = new SteadyRange().of(5, 5);
    expect(low).toBeLessThan(5);
    expect(high).toBeGreaterThan(5);
    expect(new SteadyRange().of(Infinity, -Infinity)).toEqual([0, 1]);
  });
});

describe('numbers', () => {
  const event = { event_public_id: 't', type: 'analog' as const };

  it('have as many decimals as the range carries', () => {
    expect(decimalsFor({ ...event, min_value: 0, max_value: 950 }, 3)).toBe(1);
    expect(decimalsFor({ ...event, min_value: 0, max_value: 100 }, 3)).toBe(2);
    expect(decimalsFor({ ...event, min_value: 0, max_value: 100_000 }, 3)).toBe(0);
    expect(decimalsFor(event, 23.45)).toBe(2);
    expect(decimalsFor(event, 0)).toBe(1);
  });

  it('never look like zero when they are not', () => {
    const text = formatValue({ ...event, min_value: 0, max_value: 100_000 }, 0.0123);
    expect(text).not.toBe('0');
    expect(text).toContain('123');
  });

  it('are written with their exponent when they are huge or tiny', () => {
    expect([1.5e12, -2.5e-7].map((value) => formatValue(event, value))).toEqual(['1.500E12', '-2.500E-7']);
  });

  it('are on or off for what is digital', () => {
    expect([0, 1].map((value) => formatValue({ ...event, type: 'digital' }, value))).toEqual(['off', 'on']);
  });
});

describe('times', () => {
  it('read as one says them', () => {
    expect([0, 1499, 3000, 119_000, 7_199_000, 90_000_000, 864_000_000].map(formatAge))
      .toEqual(['now', 'now', '3 s ago', '119 s ago', '119 min ago', '25 h ago', '10 d ago']);
    expect(formatSpan(-5)).toBe('0 s');
    expect([0, 3_723_000, 180_000_000].map(formatElapsed)).toEqual(['0:00:00', '1:02:03', '2 d 2:00:00']);
    expect(utc(Date.parse('2025-01-15T14:32:10.250Z'))).toBe('2025-01-15 14:32:10.250 UTC');
  });
});
