/** What a pass is handed while it runs, and what it said when it is done. */
import type { Model } from '../ir/model.js';
import type { Node } from '../ir/node.js';
import type { Tensor } from '../ir/tensor.js';
import type { DataType } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import type { PassContext, Target } from './pass.js';

/** What the surroundings can do for passes; a browser has none of it. */
export interface Surroundings {
  readonly target: Target;
  hasKernel(opType: string, domain: string, opset: number, elem: DataType): boolean;
  readonly evaluate: ((model: Model) => Promise<Tensor[]>) | undefined;
}

export interface Note {
  readonly text: string;
  /** The node or value it is about. */
  readonly at?: string;
}

/** Places left as they are for one reason. */
export interface Skip {
  readonly reason: string;
  readonly count: number;
  /** Nodes and values by name, in the order the pass met them. */
  readonly places: readonly string[];
}

const placeOf = (about: Node | Value): string => ('opType' in about ? about.label : about.name);

/** A context, and the notes and skips that a pass leaves in it. */
export function passContext(around: Surroundings): { context: PassContext; notes: Note[]; skips: () => Skip[] } {
  const notes: Note[] = [];
  const reasons = new Map<string, { count: number; places: string[] }>();
  const context: PassContext = {
    target: around.target,
    hasKernel: around.hasKernel,
    evaluate: around.evaluate,
    replace: ({ old, by }) => {
      old.forEach((value, i) => {
        value.graph.replaceUses(value, by[i] as Value);
      });
      return true;
    },
    note: (text, about) => {
      notes.push(about ? { text, at: placeOf(about) } : { text });
    },
    skip: (reason, about) => {
      const group = reasons.get(reason) ?? { count: 0, places: [] };
      group.count++;
      if (about) group.places.push(placeOf(about));
      reasons.set(reason, group);
    },
  };
  const skips = () => [...reasons].map(([reason, group]) => ({ reason, ...group })).sort((a, b) => b.count - a.count);
  return { context, notes, skips };
}
