/** Local functions in the order of their calls. Calls of calls are as deep as a file says, so that whoever goes along them asks here. */

import type { Model, ModelFunction } from '../model.js';
import { ModelError } from '../text/errors.js';
import { scopesIn } from './scopes.js';

/** Every function of the model once, those that it calls before it. Throws ModelError where one calls itself, be it through others. */
export function calleesFirst(model: Model): readonly ModelFunction[] {
  const finished = new Set<ModelFunction>();
  /** Functions that are gone through, each called by the one before, and those that it calls. */
  const path = new Map<ModelFunction, Iterator<ModelFunction>>();
  for (const start of model.functions) {
    const stack = finished.has(start) ? [] : [start];
    for (let fn = stack.at(-1); fn; fn = stack.at(-1)) {
      const calls = path.get(fn) ?? calledBy(fn);
      path.set(fn, calls);
      const { value: callee, done } = calls.next();
      if (done) {
        finished.add(fn);
        path.delete(fn);
        stack.pop();
      } else if (path.has(callee)) {
        throw new ModelError(
          `function "${callee.name}"`,
          'functions that do not call themselves',
          pathText(stack, callee),
        );
      } else if (!finished.has(callee)) stack.push(callee);
    }
  }
  return [...finished];
}

function* calledBy({ graph }: ModelFunction): Generator<ModelFunction, undefined> {
  for (const scope of scopesIn(graph))
    for (const node of scope.nodeSet) {
      const callee = graph.model.functionOf(node);
      if (callee) yield callee;
    }
}

const pathText = (stack: readonly ModelFunction[], callee: ModelFunction): string =>
  [...stack.slice(stack.indexOf(callee)), callee].map(({ name }) => name).join(' → ');
