/** Errors of 4-bit weights as a Markdown table: each beside that of rounding to the nearest. */
import type { Measured, MeasuredWay } from './measure.js';

export function tableOf({ date, measured }: { readonly date: string; readonly measured: readonly Measured[] }): string {
  return `${[
    '# Weights of 4 bits',
    `${date.slice(0, 16).replace('T', ' ')} UTC. Relative L2 of all outputs over all judged sets, products and tables in 4 bits with zero points, everything else as it was. "Nearest": each number rounded to the nearest level between its block's least and greatest. The other columns are ratios to that at equal bits: of the outputs with activations in float32 (and, in brackets, as the CPU runs it, with activations in 8 bits), then of single products on the activations of float32, the median and the largest. Judged sets are others than those given. Random weights: random tokens, given and judged by other seeds.`,
    [
      '| model | weights | block | nearest | without inputs | its products | with inputs | its products |',
      '| --- | --- | --- | --- | --- | --- | --- | --- |',
      ...measured.map(row),
    ].join('\n'),
    summary(measured),
  ].join('\n\n')}\n`;
}

function row({ model, weights, block, ways }: Measured): string {
  const [nearest, ...others] = ways as [MeasuredWay, ...MeasuredWay[]];
  const cells = others.flatMap((way) => {
    const layers = layerRatios(way, nearest);
    const both = `${ratio(way.exact, nearest.exact)} (${ratio(way.asRun, nearest.asRun)})`;
    return [both, layers.length > 0 ? `${middle(layers).toFixed(2)}, ${Math.max(...layers).toFixed(2)}` : ''];
  });
  return `| ${[model, weights, block, nearest.exact.toPrecision(3), ...cells].join(' | ')} |`;
}

/** Where the outputs hardly move at all, a ratio says nothing. */
const LEAST = 1e-4;

const ratio = (error: number, nearest: number): string =>
  nearest < LEAST ? `below ${LEAST}` : (error / nearest).toFixed(2);

const layerRatios = (way: MeasuredWay, nearest: MeasuredWay): number[] =>
  way.layers.flatMap((error, at) => {
    const other = nearest.layers[at];
    return error === undefined || !other ? [] : [error / other];
  });

const middle = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] as number;

function summary(measured: readonly Measured[]): string {
  const lines = [1, 2].map((at) => {
    const seen = measured.filter(({ ways }) => (ways[0] as MeasuredWay).exact >= LEAST);
    const ratios = seen.map(({ ways }) => (ways[at] as MeasuredWay).exact / (ways[0] as MeasuredWay).exact);
    const layers = measured.flatMap(({ ways }) => layerRatios(ways[at] as MeasuredWay, ways[0] as MeasuredWay));
    const share = (all: readonly number[], limit: number) =>
      `${all.filter((one) => one <= limit).length} of ${all.length}`;
    return `- ${measured[0]?.ways[at]?.way}: outputs within two thirds ${share(ratios, 2 / 3)}, no worse ${share(ratios, 1)}; products ${share(layers, 2 / 3)}, ${share(layers, 1)}.`;
  });
  return lines.join('\n');
}
