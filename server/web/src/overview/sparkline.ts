// An event's last minutes in a line of a few pixels' height. Gaps stay gaps; the range is the data's own.

import { Columns } from '../data/columns';
import type { Series } from '../data/series';

const PADDING = 3;
const STEP = 1.5; // CSS pixels per column

export class Sparkline {
  readonly canvas = document.createElement('canvas');
  private readonly columns = new Columns();
  private width = 0;
  private height = 0;

  constructor() {
    this.canvas.className = 'sparkline';
    this.canvas.setAttribute('aria-hidden', 'true');
  }

  // The canvas' size on the page; measured by the page, for many at once.
  resize(width: number, height: number): void {
    const scale = devicePixelRatio || 1;
    this.width = width;
    this.height = height;
    this.canvas.width = Math.round(width * scale);
    this.canvas.height = Math.round(height * scale);
  }

  draw(series: Series, from: number, to: number, holds: boolean, color: string): void {
    const context = this.canvas.getContext('2d');
    if (!context || this.width < 8) return;
    const { columns } = this;
    columns.make(series, from, to, Math.max(8, Math.round(this.width / STEP)), to, holds);
    const scale = devicePixelRatio || 1;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    if (columns.lastGood < 0) return;
    const span = columns.highest - columns.lowest;
    const room = this.height - 2 * PADDING;
    const y = (value: number): number =>
      span === 0 ? this.height / 2 : PADDING + room * (1 - (value - columns.lowest) / span);
    const x = (time: number): number => ((time - from) / (to - from)) * (this.width - PADDING);

    context.strokeStyle = color;
    context.lineWidth = 1.5;
    context.lineJoin = 'round';
    context.beginPath();
    let before = 0;
    for (let i = 0; i < columns.count; i += 1) {
      if (columns.points[i] === 0) continue;
      const left = x(columns.firstTime[i]!);
      const top = y(columns.first[i]!);
      if (columns.broken[i]) context.moveTo(left, top);
      else {
        if (holds) context.lineTo(left, before);
        context.lineTo(left, top);
      }
      if (columns.points[i]! > 1) {
        // Downwards the greatest comes first: a falling line stays a line.
        const falls = columns.last[i]! < columns.first[i]!;
        context.lineTo(left, y(falls ? columns.greatest[i]! : columns.least[i]!));
        context.lineTo(left, y(falls ? columns.least[i]! : columns.greatest[i]!));
        context.lineTo(x(columns.lastTime[i]!), y(columns.last[i]!));
      }
      before = y(columns.last[i]!);
      if (!Number.isNaN(columns.heldTo[i]!)) context.lineTo(x(columns.heldTo[i]!), before);
    }
    context.stroke();
    if (!columns.endsGood) return;
    context.fillStyle = color;
    context.beginPath();
    context.arc(x(holds ? columns.heldTo[columns.lastGood]! : columns.lastTime[columns.lastGood]!), before, 2.2, 0, 2 * Math.PI);
    context.fill();
  }
}
