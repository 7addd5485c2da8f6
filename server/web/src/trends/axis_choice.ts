// Which vertical axes a narrow plot shows, where not all of them fit: a button for each unit, of which two are pressed.

import { fill, h, show } from '../ui/dom';

export const FITTING = 2; // axes on a narrow plot

export class AxisChoice {
  readonly element = h('div', { class: 'axis-choice', role: 'group', 'aria-label': 'Axes', hidden: true });
  private chosen: string[] = []; // the newest choice last
  private scales: string[] = [];
  private shown = '';

  // `changed`: other axes are shown now.
  constructor(private readonly changed: () => void) {}

  // Which of these a plot shows; all of them on a wide one.
  of(scales: string[], narrow: boolean): string[] {
    this.scales = scales;
    const choice = narrow && scales.length > FITTING;
    const axes = choice ? this.fitting() : scales;
    show(this.element, choice);
    const key = JSON.stringify([scales, axes]);
    if (choice && key !== this.shown) {
      this.shown = key;
      fill(this.element, ...scales.map((scale) => this.button(scale, axes.includes(scale))));
    }
    return axes;
  }

  private fitting(): string[] {
    const known = this.chosen.filter((scale) => this.scales.includes(scale)).slice(-FITTING);
    const others = this.scales.filter((scale) => !known.includes(scale));
    const axes = [...known, ...others.slice(0, FITTING - known.length)];
    return this.scales.filter((scale) => axes.includes(scale));
  }

  private button(scale: string, pressed: boolean): HTMLElement {
    return h('button', { type: 'button', 'aria-pressed': String(pressed), onclick: () => this.choose(scale) }, scale || 'no unit');
  }

  // It takes the place of the one that was chosen first.
  private choose(scale: string): void {
    const axes = this.fitting();
    if (axes.includes(scale)) return;
    const newest = this.chosen[this.chosen.length - 1];
    this.chosen = [axes.find((other) => other === newest) ?? axes[axes.length - 1]!, scale];
    this.changed();
  }
}
