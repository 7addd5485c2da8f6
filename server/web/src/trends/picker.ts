// Which events are plotted: all of them in a list, by rig.

import type { LiveStore } from '../data/live_store';
import { fill, h, show } from '../ui/dom';
import { MOST_EVENTS } from './view';

export class Picker {
  readonly element: HTMLElement;
  private readonly list = h('div', { class: 'picker-list' });
  private readonly search = h('input', { type: 'search', placeholder: 'Find an event', 'aria-label': 'Find an event' });
  private readonly full = h('p', { class: 'quiet', hidden: true }, `A plot holds ${MOST_EVENTS} events.`);
  private shape = ''; // of what was laid out
  private options: { id: string; text: string; label: HTMLElement; box: HTMLInputElement }[] = [];
  private groups: { element: HTMLElement; labels: HTMLElement[] }[] = [];

  constructor(
    private readonly live: LiveStore,
    private readonly choose: (id: string, chosen: boolean) => void,
  ) {
    this.search.addEventListener('input', () => this.filter());
    this.element = h('div', { class: 'picker' }, this.search, this.full, this.list);
  }

  // All events that there are, these marked.
  show(chosen: string[]): void {
    const { live } = this;
    const shape = `${live.ids().length} ${live.events.size}`;
    if (shape !== this.shape) this.layOut();
    this.shape = shape;
    this.mark(chosen);
  }

  private layOut(): void {
    const { live } = this;
    const byRig = new Map<string, string[]>();
    for (const id of live.ids()) {
      const rig = live.events.get(id)?.controller ?? '';
      byRig.set(rig, [...(byRig.get(rig) ?? []), id]);
    }
    this.options = [];
    this.groups = [...byRig].sort(([a], [b]) => a.localeCompare(b)).map(([rig, ids]) => {
      const labels = ids.map((id) => this.option(id));
      return { labels, element: h('fieldset', {}, h('legend', {}, rig || 'Not described by any rig'), ...labels) };
    });
    fill(this.list, ...this.groups.map((group) => group.element));
    this.filter();
  }

  private mark(chosen: string[]): void {
    const full = chosen.length >= MOST_EVENTS;
    show(this.full, full);
    for (const { id, box } of this.options) {
      box.checked = chosen.includes(id);
      box.disabled = full && !box.checked;
    }
  }

  private option(id: string): HTMLElement {
    const event = this.live.events.get(id);
    const box = h('input', { type: 'checkbox', value: id, onchange: () => this.choose(id, box.checked) });
    const label = h('label', { class: 'check' }, box, h('span', {}, event?.name || id),
      event?.unit && h('span', { class: 'unit' }, event.unit));
    this.options.push({ id, text: `${event?.name ?? ''} ${id} ${event?.unit ?? ''}`.toLowerCase(), label, box });
    return label;
  }

  private filter(): void {
    const wanted = this.search.value.trim().toLowerCase();
    for (const { text, label } of this.options) show(label, text.includes(wanted));
    for (const { element, labels } of this.groups) show(element, labels.some((label) => !label.hidden));
  }
}
