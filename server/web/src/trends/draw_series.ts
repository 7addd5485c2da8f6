// How a series is drawn: a line through what was measured, or steps where a value holds; a band from the least to the
// greatest where a column of pixels holds more than one point, nothing where there is no data. The line enters a band at its
// first point and leaves at its last: each pixel row that it reaches was measured. Bands are whole pixels and joins are
// bevelled: where no graphics processor helps, the painting is what a moving plot costs.

import type { Columns } from '../data/columns';

const LINE_WIDTH = 1.5; // CSS pixels
const FRESH_DASH = [2, 3]; // CSS pixels, from the newest point to now
const ON_ALPHA = 0.28; // below a digital signal that is on

export type Scale = (value: number) => number; // to device pixels

export interface Look {
  color: string;
  dash: number[]; // CSS pixels; empty for a whole line
  holds: boolean;
  ground: number | null; // the device pixel row down to which a value above 0 is filled
}

export function drawSeries(ctx: CanvasRenderingContext2D, columns: Columns, toX: Scale, toY: Scale, look: Look): void {
  const pixel = devicePixelRatio;
  ctx.strokeStyle = look.color;
  ctx.fillStyle = look.color;
  ctx.lineWidth = LINE_WIDTH * pixel;
  ctx.lineJoin = 'bevel';
  ctx.lineCap = 'butt';
  drawBands(ctx, columns, toX, toY);
  ctx.setLineDash(look.dash.map((length) => length * pixel));
  ctx.beginPath();
  if (look.holds) drawSteps(ctx, columns, toX, toY, look.ground);
  else drawLine(ctx, columns, toX, toY);
  ctx.stroke();
  if (!look.holds && columns.freshTo > columns.lastTime[columns.lastGood]!) {
    const y = toY(columns.last[columns.lastGood]!);
    ctx.setLineDash(FRESH_DASH.map((length) => length * pixel));
    ctx.beginPath();
    ctx.moveTo(toX(columns.lastTime[columns.lastGood]!), y);
    ctx.lineTo(toX(columns.freshTo), y);
    ctx.stroke();
  }
  ctx.setLineDash([]);
}

// How much of its columns a series fills with bands, in heights of the plot (of which one is `span`). What fills more is
// drawn first, so that it covers nothing else.
export function inkOf(columns: Columns, span: number): number {
  let sum = 0;
  for (let i = 0; i < columns.count; i += 1) {
    if (columns.points[i]! > 1) sum += columns.greatest[i]! - columns.least[i]!;
  }
  return sum / (span * columns.count);
}

// What the line itself covers is left out.
function isBand(columns: Columns, i: number, toY: Scale): boolean {
  return columns.points[i]! > 1 && toY(columns.least[i]!) - toY(columns.greatest[i]!) > LINE_WIDTH * devicePixelRatio;
}

function drawBands(ctx: CanvasRenderingContext2D, columns: Columns, toX: Scale, toY: Scale): void {
  for (let i = 0; i < columns.count; i += 1) {
    if (!isBand(columns, i, toY)) continue;
    const top = Math.round(toY(columns.greatest[i]!));
    const height = Math.round(toY(columns.least[i]!)) - top;
    const left = Math.round(toX(columns.from + i * columns.width));
    ctx.fillRect(left, top, Math.max(1, Math.round(toX(columns.from + (i + 1) * columns.width)) - left), height);
  }
}

function drawLine(path: CanvasRenderingContext2D, columns: Columns, toX: Scale, toY: Scale): void {
  let alone = false; // the last thing drawn is a single point
  let x = 0;
  let y = 0;
  for (let i = 0; i < columns.count; i += 1) {
    const points = columns.points[i]!;
    if (points === 0) continue;
    if (columns.broken[i] && alone) dot(path, x, y);
    x = toX(columns.firstTime[i]!);
    y = toY(columns.first[i]!);
    if (columns.broken[i]) path.moveTo(x, y);
    else path.lineTo(x, y);
    alone = columns.broken[i] === 1 && points === 1;
    if (points === 1) continue;
    x = toX(columns.lastTime[i]!);
    y = toY(columns.last[i]!);
    if (isBand(columns, i, toY)) path.moveTo(x, y);
    else path.lineTo(x, y);
  }
  if (alone) dot(path, x, y);
}

function drawSteps(ctx: CanvasRenderingContext2D, columns: Columns, toX: Scale, toY: Scale, ground: number | null): void {
  let x = 0;
  let y = 0;
  let value = 0;
  const holdTo = (end: number): void => {
    ctx.lineTo(Math.max(end, x + 0.01), y);
    if (ground === null || value <= 0) return;
    ctx.globalAlpha = ON_ALPHA;
    ctx.fillRect(Math.round(x), y, Math.round(end) - Math.round(x), ground - y);
    ctx.globalAlpha = 1;
  };
  for (let i = 0; i < columns.count; i += 1) {
    const points = columns.points[i]!;
    if (points === 0) continue;
    const firstX = toX(columns.firstTime[i]!);
    const firstY = toY(columns.first[i]!);
    if (columns.broken[i]) {
      ctx.moveTo(firstX, firstY);
    } else {
      holdTo(firstX);
      ctx.lineTo(firstX, firstY);
    }
    if (points > 1 && !isBand(columns, i, toY)) {
      [x, y, value] = [firstX, firstY, columns.first[i]!];
      holdTo(toX(columns.lastTime[i]!));
    }
    [x, y, value] = [toX(columns.lastTime[i]!), toY(columns.last[i]!), columns.last[i]!];
    if (points > 1) ctx.moveTo(x, y);
    if (!Number.isNaN(columns.heldTo[i]!)) holdTo(toX(columns.heldTo[i]!));
  }
}

function dot(path: CanvasRenderingContext2D, x: number, y: number): void {
  path.moveTo(x - 0.5, y);
  path.lineTo(x + 0.5, y);
}
