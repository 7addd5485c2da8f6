// What an address shows that names no page.

import { h, setText } from './dom';
import type { Page } from './page';
import type { Route } from './route';

export class NoPage implements Page {
  readonly title = 'No such page';
  private readonly text = h('p', {});
  readonly element = h('div', { class: 'empty', role: 'alert' },
    this.text, h('p', {}, h('a', { href: '#/overview' }, 'To the overview')));

  update(route: Route): void {
    setText(this.text, `There is no page “${route.name}”.`);
  }

  dispose(): void {
    // Nothing goes on here.
  }
}
