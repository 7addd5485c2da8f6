// A plotted event, and the vertical scale that it shares with those of its unit.

import type { EventDescription } from '../messages';

export interface Curve {
  id: string;
  event: EventDescription | undefined;
  color: number; // its place in the palette
  hidden: boolean;
  holds: boolean; // a value is drawn until the next one, not a line to it
}

// What is on or off has a lane, no scale.
export function isDigital(curve: Curve): boolean {
  return curve.event?.type === 'digital';
}

export function scaleOf(curve: Curve): string {
  return isDigital(curve) ? LANES : (curve.event?.unit ?? '');
}

export const LANES = '\u0000lanes';
