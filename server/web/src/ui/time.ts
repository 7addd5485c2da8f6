// A moment: local, with UTC on hover and for whoever reads the element's datetime.

import { h, setAttribute, setText } from './dom';
import { formatMoment, formatTime, rfc3339, utc } from './instant';

export function moment(ms: number, short = false): HTMLTimeElement {
  const element = h('time');
  setMoment(element, ms, short ? formatMoment(ms) : formatTime(ms));
  return element;
}

export function setMoment(element: HTMLTimeElement, ms: number, text: string): void {
  setText(element, text);
  setAttribute(element, 'datetime', rfc3339(ms));
  setAttribute(element, 'title', utc(ms));
}
