// A moment to type in, in the zone that is shown. In the hour that comes twice it asks which one; a time that the clocks
// skip is refused.

import { h, fill, show } from './dom';
import { fromInput, toInput } from './instant';
import { zone, zoneNameAt } from './zone';

export class TimeField {
  readonly element: HTMLElement;
  private readonly input: HTMLInputElement;
  private readonly which = h('select', { 'aria-label': 'Which of the two', hidden: true });
  private given: { text: string; ms: number } | null = null; // finer than the input can show

  // `label`: above the input, or for screen readers alone.
  constructor(label: string, { required = false, labelled = true } = {}) {
    this.input = h('input', { type: 'datetime-local', step: 'any', required, 'aria-label': labelled ? null : label, oninput: () => this.offer() });
    const parts = h('span', { class: 'time-field' }, this.input, this.which);
    this.element = labelled ? h('label', {}, label, parts) : parts;
  }

  set(ms: number | null): void {
    const text = ms === null ? '' : toInput(ms);
    this.given = ms === null ? null : { text, ms };
    if (this.input.value !== text) this.input.value = text;
    this.offer();
  }

  // Null when it is empty, or no moment.
  get value(): number | null {
    const text = this.input.value;
    const moments = fromInput(text);
    if (moments.length > 1) return moments[Number(this.which.value)] ?? moments[0]!;
    if (this.given && fromInput(this.given.text).length === 1 && text === this.given.text) return this.given.ms;
    return moments[0] ?? null;
  }

  // Says what is wrong with it; true when nothing is. `complaint`: the owner's, empty when it has none.
  check(complaint = ''): boolean {
    const skipped = this.input.value !== '' && fromInput(this.input.value).length === 0;
    this.input.setCustomValidity(skipped ? `The clocks of ${zone()} skip this time.` : complaint);
    return this.input.reportValidity();
  }

  private offer(): void {
    this.input.setCustomValidity('');
    const moments = fromInput(this.input.value);
    const twice = moments.length > 1;
    show(this.which, twice);
    if (!twice) return;
    fill(this.which, ...moments.map((ms, index) => h('option', { value: index }, zoneNameAt(ms))));
    const index = moments.findIndex((ms) => this.given && Math.abs(ms - this.given.ms) < 1);
    this.which.value = String(Math.max(0, index));
  }
}
