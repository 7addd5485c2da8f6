// How a series is drawn: a line through what was measured, a band from the least to the greatest where a column of pixels
// holds more than one point, nothing where there is no data. Bands are whole pixels and joins are bevelled: where no
// graphics processor helps, the painting is what a moving plot costs.

import type uPlot from 'uplot';
import type { Columns } from '../data/columns';

const LINE_WIDTH = 1.5; // CSS pixels
const BAND_ALPHA = 0.38;

export function drawSeries(plot: uPlot, index: number, columns: Columns, stepped: boolean, color: string): void {
  const { ctx, bbox } = plot;
  const toX = linear(plot, 'x', columns.from, columns.from + columns.width * columns.count);
  const scale = plot.series[index]!.scale!;
  const toY = linear(plot, scale, plot.scales[scale]!.min ?? 0, plot.scales[scale]!.max ?? 1);
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.strokeStyle = color;
  ctx.fillStyle = color;
  ctx.lineWidth = LINE_WIDTH * devicePixelRatio;
  ctx.lineJoin = 'bevel';
  ctx.lineCap = 'butt';
  if (!stepped) drawBand(columns, toX, toY, ctx);
  ctx.beginPath();
  if (stepped) drawSteps(columns, toX, toY, ctx);
  else drawLine(columns, toX, toY, ctx);
  ctx.stroke();
  ctx.restore();
}

type Scale = (value: number) => number;

// Device pixels for values of a linear scale.
function linear(plot: uPlot, scale: string, low: number, high: number): Scale {
  const start = plot.valToPos(low, scale, true);
  const factor = high === low ? 0 : (plot.valToPos(high, scale, true) - start) / (high - low);
  return (value) => start + (value - low) * factor;
}

// What the line itself covers is left out.
function drawBand(columns: Columns, toX: Scale, toY: Scale, ctx: CanvasRenderingContext2D): void {
  ctx.globalAlpha = BAND_ALPHA;
  for (let i = 0; i < columns.count; i += 1) {
    if (columns.points[i]! < 2) continue;
    const top = Math.round(toY(columns.greatest[i]!));
    const height = Math.round(toY(columns.least[i]!)) - top;
    if (height <= LINE_WIDTH * devicePixelRatio) continue;
    const left = Math.round(toX(columns.from + i * columns.width));
    ctx.fillRect(left, top, Math.max(1, Math.round(toX(columns.from + (i + 1) * columns.width)) - left), height);
  }
  ctx.globalAlpha = 1;
}

function drawLine(columns: Columns, toX: Scale, toY: Scale, stroke: CanvasRenderingContext2D): void {
  let alone = false; // the last thing drawn is a single point
  let x = 0;
  let y = 0;
  for (let i = 0; i < columns.count; i += 1) {
    const points = columns.points[i]!;
    if (points === 0) continue;
    if (columns.broken[i] && alone) dot(stroke, x, y);
    if (points === 1) {
      x = toX(columns.firstTime[i]!);
      y = toY(columns.first[i]!);
    } else {
      x = toX((columns.firstTime[i]! + columns.lastTime[i]!) / 2);
      y = toY((columns.least[i]! + columns.greatest[i]!) / 2);
    }
    if (columns.broken[i]) stroke.moveTo(x, y);
    else stroke.lineTo(x, y);
    alone = columns.broken[i] === 1;
  }
  if (alone) dot(stroke, x, y);
}

function drawSteps(columns: Columns, toX: Scale, toY: Scale, stroke: CanvasRenderingContext2D): void {
  let y = 0;
  for (let i = 0; i < columns.count; i += 1) {
    const points = columns.points[i]!;
    if (points === 0) continue;
    const x = toX(columns.firstTime[i]!);
    const first = toY(columns.first[i]!);
    if (columns.broken[i]) stroke.moveTo(x, first);
    else {
      stroke.lineTo(x, y);
      stroke.lineTo(x, first);
    }
    const last = toX(columns.lastTime[i]!);
    y = toY(columns.last[i]!);
    if (columns.least[i] !== columns.greatest[i]) {
      stroke.lineTo(x, toY(columns.least[i]!));
      stroke.lineTo(x, toY(columns.greatest[i]!));
      stroke.lineTo(last, y);
    } else {
      stroke.lineTo(Math.max(last, x + 0.01), y);
    }
  }
}

function dot(path: CanvasRenderingContext2D, x: number, y: number): void {
  path.moveTo(x - 0.5, y);
  path.lineTo(x + 0.5, y);
}
