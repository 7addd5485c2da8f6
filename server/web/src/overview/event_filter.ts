// Which events the overview shows: by how they are, and by a text. It lives in the address.

import { Signal } from '../data/signal';
import { h, setText } from '../ui/dom';
import { readable } from '../ui/route';

const kinds = { all: 'All', bad: 'Bad', stale: 'Stale' } as const;
type Kind = keyof typeof kinds;

const SETTLE_MS = 300; // so that a word is one change of the address

export class EventFilter {
  readonly element: HTMLElement;
  readonly changed = new Signal();
  kind: Kind = 'all';
  problem = ''; // what the address asks for and cannot be understood
  private readonly search = h('input', { type: 'search', placeholder: 'Filter events', 'aria-label': 'Filter events' });
  private readonly buttons = new Map<Kind, { button: HTMLButtonElement; count: HTMLElement }>();
  private addressing: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    const group = h('div', { class: 'segmented', role: 'group', 'aria-label': 'Which events' });
    for (const [kind, text] of Object.entries(kinds) as [Kind, string][]) {
      const count = h('span', { class: 'count' }, '0');
      const button = h('button', { type: 'button', 'data-kind': kind, onclick: () => this.choose(kind) }, text, ' ', count);
      this.buttons.set(kind, { button, count });
      group.append(button);
    }
    this.search.addEventListener('input', () => this.onText());
    this.element = h('div', { class: 'toolbar' }, group, this.search);
    this.mark();
  }

  dispose(): void {
    clearTimeout(this.addressing);
  }

  // What the address asks for.
  enter(query: URLSearchParams): void {
    clearTimeout(this.addressing);
    const asked = query.get('show') ?? 'all';
    const known = Object.keys(kinds).find((kind) => kind === asked) as Kind | undefined;
    const strange = [...query.keys()].filter((name) => name !== 'show' && name !== 'find');
    this.problem = known === undefined ? `The address asks for “show=${asked}”, which is not one of: ${Object.keys(kinds).join(', ')}.`
      : strange.length > 0 ? `The address asks for “${strange.join('”, “')}”, which the overview does not know.` : '';
    this.kind = known ?? 'all';
    this.search.value = query.get('find') ?? '';
    this.mark();
    this.changed.emit();
  }

  // `name`: of an event, with all that it may be found by.
  fits(name: string, quality: string): boolean {
    return name.toLowerCase().includes(this.text) && (this.kind === 'all' || quality === this.kind);
  }

  get filters(): boolean {
    return this.text !== '' || this.kind !== 'all';
  }

  count(counts: Record<Kind, number>): void {
    for (const [kind, { button, count }] of this.buttons) {
      setText(count, String(counts[kind]));
      button.dataset.any = String(counts[kind] > 0);
    }
  }

  private get text(): string {
    return this.search.value.trim().toLowerCase();
  }

  private choose(kind: Kind): void {
    this.kind = kind;
    this.problem = '';
    this.mark();
    history.pushState(null, '', this.address());
    this.changed.emit();
  }

  private onText(): void {
    clearTimeout(this.addressing);
    this.addressing = setTimeout(() => history.replaceState(null, '', this.address()), SETTLE_MS);
    this.changed.emit();
  }

  private mark(): void {
    for (const [kind, { button }] of this.buttons) button.setAttribute('aria-pressed', String(kind === this.kind));
  }

  private address(): string {
    const query = new URLSearchParams();
    if (this.kind !== 'all') query.set('show', this.kind);
    if (this.text !== '') query.set('find', this.search.value.trim());
    return query.size > 0 ? `#/overview?${readable(query)}` : '#/overview';
  }
}
