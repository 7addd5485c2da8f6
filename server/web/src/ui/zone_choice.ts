// The zone of all times on the page, shown and to be chosen.

import { fill, h, setText } from './dom';
import { chooseZone, ownZone, zone, zoneNameAt } from './zone';

export function zoneChoice(now: () => number): HTMLElement {
  const select = h('select', { 'aria-label': 'Time zone of what is shown', onchange: () => chooseZone(select.value) });
  const narrow = matchMedia('(max-width: 52rem)'); // there the chosen one is shown by its short name
  const textOf = (name: string): string => {
    const short = zoneNameAt(now(), name);
    return narrow.matches && name === zone() ? short : `${short} · ${name.replaceAll('_', ' ')}`;
  };
  const first = [...new Set([ownZone, 'UTC', zone()])];
  const options = first.map((name) => h('option', { value: name, title: name, selected: name === zone() }, textOf(name)));
  fill(select, ...options);
  const rename = (): void => {
    if (!select.isConnected) return narrow.removeEventListener('change', rename);
    for (const [index, option] of options.entries()) setText(option, textOf(first[index]!));
  };
  narrow.addEventListener('change', rename);
  // All the others are made when they are wanted: there are hundreds.
  const complete = (): void => {
    const others = Intl.supportedValuesOf('timeZone').filter((name) => !first.includes(name));
    select.append(...others.map((name) => h('option', { value: name }, name.replaceAll('_', ' '))));
  };
  let isComplete = false;
  for (const event of ['focus', 'pointerdown'] as const) {
    select.addEventListener(event, () => {
      if (!isComplete) complete();
      isComplete = true;
    });
  }
  return h('div', { class: 'zone' }, select);
}
