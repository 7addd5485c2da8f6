// A plotted event, and the vertical scale that it shares with those of its unit.

import type { EventDescription } from '../messages';

export interface Curve {
  id: string;
  event: EventDescription | undefined;
  color: number; // its place in the palette
  hidden: boolean;
}

export const DIGITAL = '\u0000digital'; // the scale of what is on or off

export function scaleOf(curve: Curve): string {
  return curve.event?.type === 'digital' ? DIGITAL : (curve.event?.unit ?? '');
}
