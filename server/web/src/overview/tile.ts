// One event: what it is, its value, how fresh that is, and its last minutes. A link to its trend.

import type { EventDescription } from '../messages';
import { h, setAttribute, setText, show } from '../ui/dom';
import { formatAge, formatLimit, formatPlain, formatSpan, formatValue } from '../ui/format';
import { formatTime, utc } from '../ui/instant';
import { icon } from '../ui/icons';
import { trendsLink } from '../ui/route';
import type { Quality } from '../data/freshness';
import type { Latest, LiveStore } from '../data/live_store';
import { Sparkline } from './sparkline';

const UNIT_SIZE = 0.6; // of a unit's character, in characters of the value
const LONG_BADGE = 22; // characters; beyond it a badge has lines of its own, so that all of it can be read
const LONG = 10; // characters; beyond it the value is written smaller

export class Tile {
  readonly element: HTMLElement;
  readonly sparkline = new Sparkline();
  private readonly value = h('span', { class: 'number' });
  private readonly unit = h('span', { class: 'unit' });
  private readonly reading = h('span', { class: 'reading' }, this.value, this.unit); // laid out by itself: see the styles
  private readonly line = h('p', { class: 'value' }, this.reading);
  private readonly badge = h('span', { class: 'badge', hidden: true });
  private readonly badgeText = h('span');
  private readonly limit = h('span', { class: 'limits' });
  private readonly age = h('time', { class: 'age' });
  state: Quality | null = null; // as it is shown
  private latest: Latest | undefined; // that is shown
  private titled: Latest | undefined; // whose time and digits the titles tell

  constructor(
    readonly id: string,
    readonly event: EventDescription | undefined,
  ) {
    const name = event?.name || id;
    this.badge.append(icon('bad'), icon('stale'), icon('high'), icon('low'), this.badgeText);
    this.unit.textContent = event?.unit ?? '';
    this.unit.title = this.unit.textContent;
    this.limit.textContent = limitsText(event);
    this.element = h('li', { class: 'tile', 'data-event': id },
      h('a', { class: 'name', href: trendsLink([id]), title: `${id}: show its trend` }, name),
      this.line,
      this.badge,
      h('div', { class: 'course' }, this.sparkline.element),
      h('p', { class: 'foot' }, this.limit, this.age));
  }

  get shownValue(): number | null | undefined {
    return this.latest?.point.value;
  }

  // Cheap when nothing changed.
  show(live: LiveStore): void {
    const latest = live.latest.get(this.id);
    const quality = live.quality(this.id);
    const value = latest?.point.value ?? null;
    const age = live.age(this.id);
    this.latest = latest;
    if (quality !== this.state) {
      this.state = quality;
      this.element.dataset.state = quality;
      this.showTitles();
    }
    setText(this.value, value === null ? '—' : formatValue(this.event, value));
    const long = this.value.textContent!.length + UNIT_SIZE * this.unit.textContent!.length > LONG;
    setAttribute(this.line, 'data-long', String(long));
    show(this.unit, value !== null && this.unit.textContent !== '');
    setText(this.age, latest ? formatAge(age) : 'no value yet');
    const beyond = value === null ? '' : beyondLimits(this.event, value);
    const kind = quality === 'good' ? beyond : quality;
    setAttribute(this.badge, 'data-kind', kind);
    show(this.badge, kind !== '' && kind !== 'none');
    const text = badgeText(kind, this.event, latest?.point.reason, latest?.point.quality === 'bad', age);
    setText(this.badgeText, text);
    setAttribute(this.badge, 'data-long', String(text.length > LONG_BADGE));
  }

  // All digits of the value that is shown, and when it was measured. Not a part of show(): it costs more than the rest.
  showTitles(): void {
    const { latest } = this;
    if (!latest || latest === this.titled) return;
    this.titled = latest;
    const { timestamp, value } = latest.point;
    setAttribute(this.age, 'datetime', timestamp);
    setAttribute(this.age, 'title', `${formatTime(latest.time)}\n${utc(latest.time)}`);
    setAttribute(this.value, 'title', value === null ? '' : formatPlain(value));
  }
}

function badgeText(
  kind: string,
  event: EventDescription | undefined,
  reason: string | undefined,
  wasBad: boolean,
  age: number,
): string {
  if (kind === 'bad') return `Bad: ${reason || 'no reason given'}`;
  if (kind === 'stale') return `Stale for ${formatSpan(age)}${wasBad ? `, was bad: ${reason}` : ''}`;
  if (kind === 'unknown') return 'Not known now';
  if (kind === 'high') return `Above ${formatLimit(event?.max_value ?? 0)}`;
  if (kind === 'low') return `Below ${formatLimit(event?.min_value ?? 0)}`;
  return '';
}

function beyondLimits(event: EventDescription | undefined, value: number): 'high' | 'low' | '' {
  if (event?.max_value != null && value > event.max_value) return 'high';
  if (event?.min_value != null && value < event.min_value) return 'low';
  return '';
}

function limitsText(event: EventDescription | undefined): string {
  const { min_value: low, max_value: high } = event ?? {};
  if (low != null && high != null) return `${formatLimit(low)} … ${formatLimit(high)}`;
  if (low != null) return `≥ ${formatLimit(low)}`;
  if (high != null) return `≤ ${formatLimit(high)}`;
  return '';
}
