// What time is shown: the last while, an interval from … to, and buttons for moving and zooming.

import { fill, h, setAttribute, setText } from '../ui/dom';
import { icon, type IconName } from '../ui/icons';
import { TimeField } from '../ui/time_field';
import { zone } from '../ui/zone';
import type { Mover } from './gestures';
import { ranges, type View } from './view';

export class RangeBar {
  readonly element: HTMLElement;
  private readonly buttons = new Map<number, HTMLButtonElement>();
  private readonly followButton: HTMLButtonElement;
  private readonly from = new TimeField('From', { required: true });
  private readonly to = new TimeField('To', { required: true });
  private readonly zone = h('p', { class: 'quiet' });
  private shown: [from: number, to: number] = [0, 0];
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
        this.from.element, this.to.element, this.zone,
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
    this.shown = [right - view.span, right];
  }

  // The form begins with what is shown, and closes when one goes on elsewhere.
  private readonly onToggle = (): void => {
    if (!this.absolute.open) return document.removeEventListener('pointerdown', this.onElsewhere, { capture: true });
    document.addEventListener('pointerdown', this.onElsewhere, { capture: true });
    this.from.set(this.shown[0]);
    this.to.set(this.shown[1]);
    setText(this.zone, `Times are those of ${zone()}.`);
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
    const [from, to] = [this.from.value, this.to.value];
    const inOrder = from === null || to === null || from < to;
    if (!this.from.check() || !this.to.check(inOrder ? '' : 'This must be after “From”.')) return;
    if (from === null || to === null) return;
    this.absolute.open = false;
    this.setInterval(from, to);
  };
}

function tool(name: IconName, label: string, action: () => void): HTMLButtonElement {
  const button = h('button', { type: 'button', class: 'icon-button', 'aria-label': label, title: label, onclick: action });
  fill(button, icon(name));
  return button;
}
