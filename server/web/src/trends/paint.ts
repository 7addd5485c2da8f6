// All curves on the plot: those that fill much of it first, so that none covers the others, and the names of the lanes.

import type uPlot from 'uplot';
import type { Columns } from '../data/columns';
import { seriesColor, seriesDash, type Colors } from './colors';
import type { Curve } from './curve';
import { drawSeries, inkOf, type Scale } from './draw_series';
import type { Lane } from './lanes';
import { clipTo, fitted } from './overlays';

const INK_STEPS = 10; // so that two that fill about as much do not take turns
const LABEL_SHARE = 0.3; // of the plot's width

export interface Place {
  toY: Scale;
  span: number; // of the values that the plot's height shows
  lane: Lane | null;
}

export function paintCurves(
  plot: uPlot,
  curves: Curve[],
  columnsOf: Map<string, Columns>,
  placeOf: (curve: Curve) => Place,
  colors: Colors,
): void {
  const { ctx } = plot;
  const shown = curves.filter((curve) => !curve.hidden).map((curve) => {
    const columns = columnsOf.get(curve.id)!;
    const place = placeOf(curve);
    return { curve, columns, place, ink: Math.round(INK_STEPS * inkOf(columns, place.span)) };
  });
  ctx.save();
  clipTo(plot);
  for (const { curve, columns, place } of shown.sort((a, b) => b.ink - a.ink)) {
    drawSeries(ctx, columns, timeScale(plot, columns), place.toY, {
      color: seriesColor(colors, curve.color),
      dash: seriesDash(curve.color),
      holds: curve.holds,
      ground: place.lane?.off ?? null,
    });
  }
  for (const { curve, place } of shown) if (place.lane) nameLane(plot, curve, place.lane, colors);
  ctx.restore();
}

// Device pixels, without asking uPlot for each point.
function timeScale(plot: uPlot, columns: Columns): Scale {
  const { from, width, count } = columns;
  const start = plot.valToPos(from, 'x', true);
  const factor = (plot.valToPos(from + width * count, 'x', true) - start) / (width * count);
  return (time) => start + (time - from) * factor;
}

function nameLane({ ctx, bbox }: uPlot, { id, event, color }: Curve, lane: Lane, colors: Colors): void {
  const pixel = devicePixelRatio;
  ctx.font = `600 ${10 * pixel}px system-ui, sans-serif`;
  ctx.textBaseline = 'middle';
  ctx.textAlign = 'left';
  const text = fitted(ctx, event?.name || id, bbox.width * LABEL_SHARE);
  const middle = (lane.on + lane.off) / 2;
  ctx.strokeStyle = colors.ground; // around the letters, so that they stand out from the signal
  ctx.lineWidth = 3 * pixel;
  ctx.lineJoin = 'round';
  ctx.strokeText(text, bbox.left + 5 * pixel, middle);
  ctx.fillStyle = seriesColor(colors, color);
  ctx.fillText(text, bbox.left + 5 * pixel, middle);
}
