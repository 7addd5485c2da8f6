// An event's last minutes in a line of a few pixels' height. Gaps stay gaps; the range is the data's own. A drawing of SVG:
// a canvas of each tile would be a layer of its own, which costs whenever a value beside it changes.

import { Columns } from '../data/columns';
import type { Series } from '../data/series';

const PADDING = 3;
const STEP = 1.5; // CSS pixels per column
const SVG = 'http://www.w3.org/2000/svg';

export class Sparkline {
  readonly element = document.createElementNS(SVG, 'svg');
  private readonly line = document.createElementNS(SVG, 'path');
  private readonly dot = document.createElementNS(SVG, 'circle'); // the newest point, while it is good
  private readonly columns = new Columns();
  private width = 0;
  private height = 0;

  constructor() {
    this.element.setAttribute('class', 'sparkline');
    this.element.setAttribute('aria-hidden', 'true');
    this.dot.setAttribute('r', '2.2');
    this.element.append(this.line, this.dot);
  }

  // Its size on the page, in CSS pixels; measured by the page, for many at once.
  resize(width: number, height: number): void {
    this.width = width;
    this.height = height;
  }

  draw(series: Series, from: number, to: number, holds: boolean): void {
    if (this.width < 8) return;
    const { columns } = this;
    columns.make(series, from, to, Math.max(8, Math.round(this.width / STEP)), to, holds);
    const isEmpty = columns.lowest > columns.highest;
    this.dot.style.visibility = columns.endsGood && !isEmpty ? 'visible' : 'hidden';
    this.line.setAttribute('d', isEmpty ? '' : this.path(from, to, holds));
  }

  // In the svg's own pixels; the dot goes to the end of the line.
  private path(from: number, to: number, holds: boolean): string {
    const { columns } = this;
    const low = columns.lowest / 2; // halves: the whole may be more than a number holds
    const span = columns.highest / 2 - low;
    const room = this.height - 2 * PADDING;
    const y = (value: number): string =>
      (span === 0 ? this.height / 2 : PADDING + room * (1 - (value / 2 - low) / span)).toFixed(1);
    const x = (time: number): string => (((time - from) / (to - from)) * (this.width - PADDING)).toFixed(1);

    let path = '';
    let before = '';
    for (let i = 0; i < columns.count; i += 1) {
      if (columns.points[i] === 0) continue;
      const left = x(columns.firstTime[i]!);
      const top = y(columns.first[i]!);
      if (columns.broken[i]) path += `M${left} ${top}`;
      else path += holds ? `H${left}V${top}` : `L${left} ${top}`;
      if (columns.points[i]! > 1) {
        // Downwards the greatest comes first: a falling line stays a line.
        const falls = columns.last[i]! < columns.first[i]!;
        path += `V${y(falls ? columns.greatest[i]! : columns.least[i]!)}V${y(falls ? columns.least[i]! : columns.greatest[i]!)}`;
        path += `L${x(columns.lastTime[i]!)} ${y(columns.last[i]!)}`;
      }
      before = y(columns.last[i]!);
      if (!Number.isNaN(columns.heldTo[i]!)) path += `H${x(columns.heldTo[i]!)}`;
    }
    const held = columns.heldTo[columns.lastGood]!;
    this.dot.setAttribute('cx', x(Number.isNaN(held) ? columns.lastTime[columns.lastGood]! : held));
    this.dot.setAttribute('cy', before);
    return path;
  }
}
