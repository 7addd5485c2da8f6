// How a series becomes a path: a line through what was measured, a band from the least to the greatest where a column of
// pixels holds more than one point, nothing where there is no data.

import type uPlot from 'uplot';
import type { Columns } from '../data/columns';

export function seriesPaths(columns: Columns, stepped: boolean): uPlot.Series.PathBuilder {
  return (plot, index) => {
    const toX = linear(plot, 'x', columns.from, columns.from + columns.width * columns.count);
    const scale = plot.series[index]!.scale!;
    const toY = linear(plot, scale, plot.scales[scale]!.min ?? 0, plot.scales[scale]!.max ?? 1);
    const stroke = new Path2D();
    const fill = new Path2D();
    if (stepped) drawSteps(columns, toX, toY, stroke);
    else drawLine(columns, toX, toY, stroke, fill);
    return { stroke, fill, clip: null, band: null, flags: 0 };
  };
}

type Scale = (value: number) => number;

// Device pixels for values of a linear scale.
function linear(plot: uPlot, scale: string, low: number, high: number): Scale {
  const start = plot.valToPos(low, scale, true);
  const factor = high === low ? 0 : (plot.valToPos(high, scale, true) - start) / (high - low);
  return (value) => start + (value - low) * factor;
}

function drawLine(columns: Columns, toX: Scale, toY: Scale, stroke: Path2D, fill: Path2D): void {
  const half = Math.abs(toX(columns.width) - toX(0)) / 2;
  let alone = false; // the last thing drawn is a single point
  let x = 0;
  let y = 0;
  for (let i = 0; i < columns.count; i += 1) {
    const points = columns.points[i]!;
    if (points === 0) continue;
    if (columns.broken[i] && alone) dot(stroke, x, y);
    const middle = (columns.least[i]! + columns.greatest[i]!) / 2;
    if (points === 1) {
      x = toX(columns.firstTime[i]!);
      y = toY(columns.first[i]!);
    } else {
      x = toX((columns.firstTime[i]! + columns.lastTime[i]!) / 2);
      y = toY(middle);
      const top = toY(columns.greatest[i]!);
      fill.rect(x - half, top, 2 * half, toY(columns.least[i]!) - top);
    }
    if (columns.broken[i]) stroke.moveTo(x, y);
    else stroke.lineTo(x, y);
    alone = columns.broken[i] === 1;
  }
  if (alone) dot(stroke, x, y);
}

function drawSteps(columns: Columns, toX: Scale, toY: Scale, stroke: Path2D): void {
  let y = 0;
  for (let i = 0; i < columns.count; i += 1) {
    const points = columns.points[i]!;
    if (points === 0) continue;
    const x = toX(columns.firstTime[i]!);
    const first = toY(columns.first[i]!);
    if (columns.broken[i]) stroke.moveTo(x, first);
    else stroke.lineTo(x, y), stroke.lineTo(x, first);
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

function dot(path: Path2D, x: number, y: number): void {
  path.moveTo(x - 0.5, y);
  path.lineTo(x + 0.5, y);
}
