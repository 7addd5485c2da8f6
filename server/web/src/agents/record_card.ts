// The hub's record: how large it is, when its disk will be full, and what the hub warns of.

import type { StoreState } from '../messages';
import { fill, h } from '../ui/dom';
import { formatBytes, formatCount } from '../ui/format';
import type { Workspace } from '../workspace';

const AGAIN_MS = 15_000;
const SOON_DAYS = 14;

export class RecordCard {
  readonly element = h('section', { class: 'card record', 'aria-label': 'The record', hidden: true });
  private readonly timer: ReturnType<typeof setInterval>;
  private shown = '';

  constructor(private readonly workspace: Workspace) {
    this.timer = setInterval(() => void this.load(), AGAIN_MS);
    void this.load();
  }

  dispose(): void {
    clearInterval(this.timer);
  }

  // What was known stays while the hub is away.
  private async load(): Promise<void> {
    try {
      const [store, warnings] = await Promise.all([this.workspace.rest.store(), this.workspace.rest.warnings()]);
      this.show(store, warnings);
    } catch {
      return;
    }
  }

  private show(store: StoreState, warnings: string[]): void {
    const key = JSON.stringify([store, warnings]);
    if (key === this.shown) return;
    this.shown = key;
    this.element.hidden = false;
    const { days_until_full: days, bytes_left: left } = store;
    fill(this.element, h('header', {}, h('h2', {}, 'The record')),
      h('dl', {},
        ...fact('Size', formatBytes(store.bytes)),
        ...fact('Room', left === null ? '—' : formatBytes(left)),
        ...fact('Disk full', days === null ? '—' : `in ${daysText(days)} at the present rate`, days !== null && days < SOON_DAYS)),
      ...warnings.map((text) => h('p', { class: 'problem' }, text)));
  }
}

function daysText(days: number): string {
  return days < 2 ? `${formatCount(Math.floor(days * 24))} h` : `${formatCount(Math.floor(days))} days`;
}

function fact(name: string, value: string, warning = false): HTMLElement[] {
  return [h('dt', {}, name), h('dd', { 'data-kind': warning ? 'warning' : null }, value)];
}
