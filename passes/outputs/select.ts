/** The outputs that stay, flattened. All is found out on a copy first: an output that is dropped or refused changes nothing. */

import { portsOf, type Structure, type Structures } from '../../src/contract/structure.js';
import { named } from '../../src/ir/collections/named.js';
import type { Model } from '../../src/ir/model.js';
import { UsageError } from '../../src/ir/text/usage-error.js';
import type { PassContext } from '../../src/run/pass.js';
import { choose, type OutputPorts } from './choose.js';
import { aboutStructure, flattened, outcomesOf, type PortOutcome } from './ports.js';
import { leaveOutUnread } from './unread.js';

/** Facts about outputs for the metadata: outputs of several tensors, and those that were left out. */
interface SelectedOutputs {
  readonly outputs: Structures;
  readonly left: readonly string[];
}

/** Sets the ports. */
export function flattenPorts(
  model: Model,
  patterns: readonly string[],
  noted: SelectedOutputs,
  context: PassContext,
): SelectedOutputs {
  const { graph } = model;
  const outcomes = outcomesOf(model);
  const stays = choose(namedOf(outcomes, noted.outputs), patterns, (pattern) => {
    context.skip(`no output fits "!${pattern}"`);
  });
  const isWanted = (index: number): boolean => outcomes[index]?.structure !== undefined && stays[index] !== 'none';
  outcomes.forEach(({ refusal }, index) => {
    if (refusal && stays[index] !== 'none') context.skip(refusal.reason, refusal.at);
  });
  if (outcomes.every((_, index) => stays[index] === 'all' && !isWanted(index))) return noted;
  const kept = ({ ports }: PortOutcome, index: number) => {
    const stay = stays[index];
    return stay === 'none' ? [] : ports.filter(({ port }) => stay === 'all' || stay?.has(port.name));
  };
  if (outcomes.flatMap(kept).length === 0) {
    if (patterns.length > 0) throw new UsageError('outputs: expected patterns that leave an output; found none left');
    context.skip('no output would be left: none of them holds a tensor', graph.outputs[0]);
    return noted;
  }
  const made = named<Structure>();
  const found = flattened(model, isWanted);
  found.forEach(({ name, structure }, index) => {
    if (!structure) return;
    if (stays[index] === 'all') made[name] = structure;
    context.note(`output "${name}" is ${aboutStructure(structure)}`);
  });
  const dropped = outcomes.filter((_, index) => stays[index] === 'none').map(({ name }) => name);
  if (dropped.length > 0) context.note(`left out, with all that only they need: ${dropped.join(', ')}`);
  graph.setOutputs(found.flatMap(kept));
  leaveOutUnread(model);
  const ports = new Set(graph.outputPorts.map(({ name }) => name));
  const whole = Object.entries(noted.outputs).filter(([, one]) => portsOf(one).every((port) => ports.has(port)));
  const left = [...new Set([...noted.left, ...dropped])];
  return { outputs: { ...Object.fromEntries(whole), ...made }, left };
}

/** Ports that were one output before, in an earlier run of the pass, go by its name too. */
function namedOf(outcomes: readonly PortOutcome[], noted: Structures): OutputPorts[] {
  const owners = Object.entries(noted).flatMap(([name, one]) => portsOf(one).map((port) => [port, name] as const));
  const owner = new Map(owners);
  const absent = Object.entries(noted).filter(([, one]) => portsOf(one).length === 0);
  return [
    ...outcomes.map(({ name, ports }) => ({
      name: owner.get(name) ?? name,
      ports: ports.map(({ port }) => port.name),
    })),
    ...absent.map(([name]) => ({ name, ports: [] })),
  ];
}
