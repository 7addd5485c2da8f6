// Behind and before the lines: experiments as shaded intervals, their annotations as marks.

import type uPlot from 'uplot';
import type { Annotation, Experiment } from '../messages';
import type { Colors } from './colors';

const LONGEST_LABEL = 28;

export function drawExperiments(plot: uPlot, experiments: Experiment[], now: number, colors: Colors): void {
  const { ctx, bbox } = plot;
  ctx.save();
  clipTo(plot);
  for (const experiment of experiments) {
    const [left, right] = interval(plot, experiment, now);
    if (right < bbox.left || left > bbox.left + bbox.width) continue;
    ctx.fillStyle = colors.experiment;
    ctx.fillRect(left, bbox.top, Math.max(1, right - left), bbox.height);
    ctx.fillStyle = colors.experimentEdge;
    ctx.fillRect(left, bbox.top, Math.max(1, right - left), 2 * devicePixelRatio);
  }
  ctx.restore();
}

export function drawLabels(plot: uPlot, experiments: Experiment[], now: number, colors: Colors): void {
  const { ctx, bbox } = plot;
  const pixel = devicePixelRatio;
  ctx.save();
  clipTo(plot);
  ctx.textBaseline = 'top';
  ctx.textAlign = 'left';
  ctx.font = `${11 * pixel}px system-ui, sans-serif`;
  for (const experiment of experiments) {
    const [left, right] = interval(plot, experiment, now);
    const start = Math.max(left, bbox.left) + 5 * pixel;
    const width = Math.min(right, bbox.left + bbox.width) - start;
    if (width > 30 * pixel) {
      ctx.fillStyle = colors.ink;
      ctx.fillText(fitted(ctx, experiment.name, width), start, bbox.top + 6 * pixel);
    }
    for (const [index, annotation] of experiment.annotations.entries()) {
      drawAnnotation(plot, annotation, colors, index % 2);
    }
  }
  ctx.restore();
}

// The annotations at most `reach` CSS pixels from the cursor.
export function annotationsNear(plot: uPlot, experiments: Experiment[], left: number, reach: number): Annotation[] {
  return experiments
    .flatMap((experiment) => experiment.annotations)
    .filter((annotation) => Math.abs(plot.valToPos(Date.parse(annotation.timestamp), 'x') - left) <= reach);
}

function drawAnnotation(plot: uPlot, annotation: Annotation, colors: Colors, row: number): void {
  const { ctx, bbox } = plot;
  const pixel = devicePixelRatio;
  const x = Math.round(plot.valToPos(Date.parse(annotation.timestamp), 'x', true));
  if (!(x >= bbox.left && x <= bbox.left + bbox.width)) return;
  ctx.strokeStyle = colors.annotation;
  ctx.lineWidth = pixel;
  ctx.setLineDash([4 * pixel, 3 * pixel]);
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.setLineDash([]);
  const text = annotation.text.length > LONGEST_LABEL ? `${annotation.text.slice(0, LONGEST_LABEL - 1)}…` : annotation.text;
  const width = ctx.measureText(text).width + 8 * pixel;
  const left = Math.min(x, bbox.left + bbox.width - width);
  const top = bbox.top + (22 + 18 * row) * pixel;
  ctx.fillStyle = colors.annotation;
  ctx.fillRect(left, top, width, 16 * pixel);
  ctx.fillStyle = colors.ground;
  ctx.fillText(text, left + 4 * pixel, top + 2.5 * pixel);
}

function interval(plot: uPlot, experiment: Experiment, now: number): [number, number] {
  const end = experiment.stopped_on === null ? now : Date.parse(experiment.stopped_on);
  return [plot.valToPos(Date.parse(experiment.started_on), 'x', true), plot.valToPos(end, 'x', true)];
}

export function clipTo({ ctx, bbox }: uPlot): void {
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
}

// The text, cut where it is wider than `width`.
export function fitted(ctx: CanvasRenderingContext2D, text: string, width: number): string {
  if (ctx.measureText(text).width <= width) return text;
  let shown = text;
  while (shown.length > 1 && ctx.measureText(`${shown}…`).width > width) shown = shown.slice(0, -1);
  return `${shown}…`;
}
