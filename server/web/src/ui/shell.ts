// The frame around every page: where one is, how the connection is, what runs, and the way out.

import { AgentsPage } from '../agents/agents_page';
import { ExperimentsPage } from '../experiments/experiments_page';
import { OverviewPage } from '../overview/overview_page';
import { TrendsPage } from '../trends/trends_page';
import type { Workspace } from '../workspace';
import { fill, h, setText } from './dom';
import { icon } from './icons';
import { NoPage } from './no_page';
import type { Page } from './page';
import { parseRoute, type PageName } from './route';
import { RunningBar } from './running_bar';
import { zoneChanged } from './zone';
import { zoneChoice } from './zone_choice';

const titles: Record<PageName, string> = {
  overview: 'Overview',
  trends: 'Trends',
  experiments: 'Experiments',
  agents: 'Agents',
};

const stateTexts = {
  connecting: ['Connecting', 'Trying to reach the hub.'],
  live: ['Live', 'Every value is shown as it comes.'],
  polling: ['Polling', 'The live connection is blocked; the latest values are asked for every 1.5 seconds.'],
  offline: ['Offline', 'The hub cannot be reached. It is tried again by itself.'],
  denied: ['Denied', 'The token is not accepted.'],
} as const;

export class Shell {
  readonly element: HTMLElement;
  private readonly links = new Map<PageName, HTMLAnchorElement>();
  private readonly outlet = h('main', { id: 'content', tabindex: '-1' });
  private readonly state = h('p', { class: 'connection', role: 'status' });
  private readonly runningBar: RunningBar;
  private readonly endings: (() => void)[] = [];
  private page: Page | null = null;
  private pageName: PageName | 'none' | null = null; // null before the first

  constructor(
    private readonly workspace: Workspace,
    signOut: () => void,
  ) {
    this.runningBar = new RunningBar(workspace);
    const navigation = h('nav', { 'aria-label': 'Pages' });
    for (const [name, title] of Object.entries(titles) as [PageName, string][]) {
      const link = h('a', { href: `#/${name}` }, icon(name), h('span', {}, title));
      this.links.set(name, link);
      navigation.append(link);
    }
    const skip = h('a', { class: 'skip', href: '#content', onclick: this.skip }, 'Skip to the content');
    this.element = h('div', { class: 'shell' },
      skip,
      h('header', {},
        h('a', { class: 'brand', href: '#/overview' }, h('img', { src: 'favicon.svg', alt: '', width: 26, height: 26 }),
          h('span', {}, 'WebMACS')),
        navigation,
        this.state,
        zoneChoice(() => workspace.clock.now()),
        h('button', { class: 'quiet-button sign-out', type: 'button', title: 'Forget the token', onclick: signOut },
          icon('key'), h('span', {}, 'Sign out'))),
      this.runningBar.element,
      this.outlet);
    this.endings.push(workspace.stateChanged.subscribe(() => this.showState()), zoneChanged.subscribe(() => this.reopen()));
    addEventListener('hashchange', this.navigate);
    this.showState();
    this.navigate();
  }

  dispose(): void {
    removeEventListener('hashchange', this.navigate);
    for (const end of this.endings) end();
    this.runningBar.dispose();
    this.page?.dispose();
  }

  private readonly skip = (event: Event): void => {
    event.preventDefault();
    this.outlet.focus();
  };

  private readonly navigate = (): void => {
    if (location.hash.startsWith('#token=')) return;
    const route = parseRoute(location.hash);
    if ((route.page ?? 'none') !== this.pageName) {
      this.page?.dispose();
      this.page = route.page ? this.open(route.page) : new NoPage();
      fill(this.outlet, this.page.element);
      if (this.pageName !== null) this.outlet.focus({ preventScroll: true });
      scrollTo(0, 0);
      this.pageName = route.page ?? 'none';
      for (const [name, link] of this.links) {
        if (name === route.page) link.setAttribute('aria-current', 'page');
        else link.removeAttribute('aria-current');
      }
      this.showTitle();
    }
    this.page?.update(route);
  };

  // The page as if it had just been entered: every time on it is told anew.
  private reopen(): void {
    this.pageName = null;
    this.navigate();
  }

  private open(name: PageName): Page {
    switch (name) {
      case 'overview':
        return new OverviewPage(this.workspace);
      case 'trends':
        return new TrendsPage(this.workspace);
      case 'experiments':
        return new ExperimentsPage(this.workspace);
      case 'agents':
        return new AgentsPage(this.workspace);
    }
  }

  private showState(): void {
    const [text, explanation] = stateTexts[this.workspace.state];
    this.state.dataset.state = this.workspace.state;
    this.state.title = explanation;
    setText(this.state, text);
    this.showTitle();
  }

  private showTitle(): void {
    const state = this.workspace.state;
    const trouble = state === 'live' || state === 'connecting' ? '' : `${stateTexts[state][0]} · `;
    document.title = `${trouble}${this.page?.title ?? ''} · WebMACS`;
  }
}
