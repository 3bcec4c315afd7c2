/** Outputs of the graph that repeats give: while they are left out, others give them. */
import type { Graph } from '../../ir/graph.js';
import type { Node } from '../../ir/node.js';
import type { Value } from '../../ir/value.js';
import type { Shift } from './shift.js';

/** Outputs that play one part each, by name: of the second stand-in, of the members, of the last. */
export type Ports = readonly (readonly string[])[];

/** `partners`: by segment, the nodes that play the parts of the third's, in its order; the first stand-in's first. */
export function portsOf(graph: Graph, third: number, partners: ReadonlyMap<number, readonly Node[]>): Ports {
  const usesOf = (value: Value | undefined): number[] =>
    [...(value?.uses ?? [])].filter(({ node }) => node === graph.end).map(({ index }) => index);
  const [, ...others] = partners.values();
  return (partners.get(third) ?? []).flatMap((node, place) =>
    node.outputs.flatMap((value, index) =>
      usesOf(value).map((_, nth) =>
        others.map((nodes) => graph.outputPorts[usesOf(nodes[place]?.outputs[index])[nth] ?? -1]?.name ?? ''),
      ),
    ),
  );
}

export const outputOf = (graph: Graph, name: string | undefined): Value | undefined =>
  graph.outputs[graph.outputPorts.findIndex((port) => port.name === name)];

/** Which member gives an output of the graph: its copy of a value of the third stand-in. */
export interface GivenOutput {
  readonly member: number;
  readonly value: Value;
}

/** By name, what gives the outputs that members have; the reason where what passes made of the stand-ins' does not tell. */
export function givenBy(graph: Graph, ports: Ports, { from, to }: Shift): ReadonlyMap<string, GivenOutput> | string {
  const isNext = (a: Value | undefined, b: Value | undefined): boolean => {
    const place = a?.producer ? from.indexOf(a.producer) : -1;
    return place >= 0 && b?.producer !== undefined && to[place] === b.producer && a?.index === b.index;
  };
  const given = new Map<string, GivenOutput>();
  for (const [second, third, ...others] of ports) {
    const [a, b, c] = [second, third, others.at(-1)].map((name) => outputOf(graph, name));
    if (!a || (a === b && b === c)) continue;
    // Where the marks begin later than the repeats did, what the last gave is in the third now.
    const own = isNext(a, b) ? b : isNext(b, c) ? c : undefined;
    if (!own) return 'an output of the model is given otherwise in the next';
    const names = own === b ? [third, ...others.slice(0, -1)] : others;
    names.forEach((name, member) => {
      given.set(name as string, { member, value: own });
    });
  }
  return given;
}
