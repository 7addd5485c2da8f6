// What time is shown: the last while, an interval from … to, and buttons for moving and zooming.

import { fill, h, setAttribute } from '../ui/dom';
import { fromLocalInput, toLocalInput } from '../ui/instant';
import { icon, type IconName } from '../ui/icons';
import type { Mover } from './gestures';
import { ranges, type View } from './view';

export class RangeBar {
  readonly element: HTMLElement;
  private readonly buttons = new Map<number, HTMLButtonElement>();
  private readonly followButton: HTMLButtonElement;
  private readonly from = h('input', { type: 'datetime-local', step: 1, required: true });
  private readonly to = h('input', { type: 'datetime-local', step: 1, required: true });
  private readonly absolute: HTMLDetailsElement;

  constructor(mover: Mover, choose: (span: number) => void, private readonly setInterval: (from: number, to: number) => void) {
    const group = h('div', { class: 'segmented', role: 'group', 'aria-label': 'The last' });
    for (const [text, span] of ranges) {
      const button = h('button', { type: 'button', onclick: () => choose(span) }, text);
      this.buttons.set(span, button);
      group.append(button);
    }
    this.followButton = tool('follow', 'Follow what comes live (F)', () => mover.follow());
    this.followButton.append(h('span', {}, 'Live'));
    this.followButton.classList.add('follow');
    this.absolute = h('details', { class: 'popover', onkeydown: this.leave, ontoggle: this.onToggle },
      h('summary', {}, 'From … to'),
      h('form', { class: 'card', onsubmit: this.submit },
        h('label', {}, 'From', this.from), h('label', {}, 'To', this.to),
        h('button', { class: 'primary', type: 'submit' }, 'Show')));
    this.element = h('div', { class: 'toolbar' }, group, this.absolute,
      h('div', { class: 'tools', role: 'group', 'aria-label': 'Move and zoom' },
        tool('left', 'Earlier (←)', () => mover.pan(-0.25)), tool('right', 'Later (→)', () => mover.pan(0.25)),
        tool('minus', 'Zoom out (−)', () => mover.zoom(2, 0.5)), tool('plus', 'Zoom in (+)', () => mover.zoom(0.5, 0.5)),
        this.followButton));
  }

  show(view: View, right: number): void {
    for (const [span, button] of this.buttons) {
      setAttribute(button, 'aria-pressed', String(view.follow && span === view.span));
    }
    setAttribute(this.followButton, 'aria-pressed', String(view.follow));
    if (this.absolute.open) return;
    this.from.value = toLocalInput(right - view.span);
    this.to.value = toLocalInput(right);
  }

  // It closes when one goes on elsewhere.
  private readonly onToggle = (): void => {
    if (this.absolute.open) document.addEventListener('pointerdown', this.onElsewhere, { capture: true });
    else document.removeEventListener('pointerdown', this.onElsewhere, { capture: true });
  };

  private readonly onElsewhere = (event: Event): void => {
    if (!this.absolute.contains(event.target as Node)) this.absolute.open = false;
  };

  private readonly leave = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return;
    this.absolute.open = false;
    this.absolute.querySelector('summary')!.focus();
  };

  private readonly submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const from = fromLocalInput(this.from.value);
    const to = fromLocalInput(this.to.value);
    this.to.setCustomValidity(from < to ? '' : 'This must be after “From”.');
    if (!this.to.reportValidity()) {
      this.to.addEventListener('input', () => this.to.setCustomValidity(''), { once: true });
      return;
    }
    this.absolute.open = false;
    this.setInterval(from, to);
  };
}

function tool(name: IconName, label: string, action: () => void): HTMLButtonElement {
  const button = h('button', { type: 'button', class: 'icon-button', 'aria-label': label, title: label, onclick: action });
  fill(button, icon(name));
  return button;
}
