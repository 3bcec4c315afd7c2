/** Which local functions are called: they must be whole, and none may call itself or be called too deep. What nothing calls is not looked at by runtimes. */

import { maxOf } from '../../ir/collections/lists.js';
import type { Graph } from '../../ir/graph.js';
import type { Model, ModelFunction } from '../../ir/model.js';
import { scopesIn } from '../../ir/scopes/scopes.js';
import { ModelError } from '../../ir/text/errors.js';
import type { FunctionMessage } from '../proto/messages.js';
import { schemaOf } from '../schemas/schema.js';
import { refuseMisuse } from './conform.js';
import { refuseCall, takenTypes } from './function-ports.js';

interface ReadFunction {
  readonly fn: ModelFunction;
  readonly message: FunctionMessage;
  readonly taken: ReturnType<typeof takenTypes>;
}

const keyOf = (domain = '', name = '', overload = ''): string => JSON.stringify([domain, name, overload]);

/**
 * Reads the functions with `add`, and checks every node of the model and of the functions that it calls. Gives the messages, by their place, of functions that
 * no runtime looks at and that are none, or have the name of an operator or of a later function: to be carried. Throws ModelError.
 */
export function readFunctions(
  model: Model,
  messages: readonly FunctionMessage[],
  add: (message: FunctionMessage) => ModelFunction,
): ReadonlyMap<number, FunctionMessage> {
  const unread = new Set<FunctionMessage>();
  const faults = new Map<string, ModelError>();
  const read = new Map<string, ReadFunction>();
  const keyOfMessage = ({ domain, name, overload }: FunctionMessage): string => keyOf(domain, name, overload);
  const last = new Map(messages.map((message) => [keyOfMessage(message), message]));
  for (const message of messages) {
    const key = keyOfMessage(message);
    if (last.get(key) !== message || isOperator(message, model)) {
      unread.add(message);
      continue;
    }
    const fault = faultOf(() => {
      const fn = add(message);
      for (const graph of scopesIn(fn.graph)) graph.nodes();
      read.set(key, { fn, message, taken: takenTypes(fn.graph) });
    });
    if (!fault) continue;
    faults.set(key, fault);
    unread.add(message);
  }
  /** Throws for a node that is not as its operator or its function says; gives the functions that are called. */
  const checked = (top: Graph): ReadonlySet<ModelFunction> => {
    const callees = new Set<ModelFunction>();
    for (const graph of scopesIn(top))
      for (const node of graph.nodes()) {
        refuseMisuse(node);
        if (last.size === 0) continue;
        const key = keyOf(node.domain, node.opType, node.overload);
        const fault = faults.get(key);
        if (fault) throw fault;
        const { fn: callee, taken } = read.get(key) ?? {};
        if (!callee || !taken) continue;
        refuseCall(node, callee, taken);
        callees.add(callee);
      }
    return callees;
  };
  const called = new Set<ModelFunction>();
  // A chain of calls may be longer than a stack is deep.
  const left = [model.graph];
  for (let graph = left.pop(); graph; graph = left.pop())
    for (const callee of checked(graph)) if (called.size !== called.add(callee).size) left.push(callee.graph);
  for (const { fn, message } of read.values())
    if (called.has(fn) || !faultOf(() => checked(fn.graph))) model.functions.push(fn);
    else unread.add(message);
  refuseRecursion(model);
  return new Map([...messages.entries()].filter(([, message]) => unread.has(message)));
}

/** What is wrong with a file, as far as `work` meets it. */
function faultOf(work: () => void): ModelError | undefined {
  try {
    work();
  } catch (error) {
    if (error instanceof ModelError) return error;
    throw error;
  }
  return undefined;
}

/** Runtimes call the operator where a function has its name. */
const isOperator = ({ name = '', domain = '' }: FunctionMessage, { opsets }: Model): boolean => {
  const own = domain === 'ai.onnx' ? '' : domain;
  return schemaOf(name, own, opsets.get(own) ?? Number.POSITIVE_INFINITY) !== undefined;
};

/** No exporter writes calls of calls as deep as this, and nobody who follows so many runs out of stack. */
const DEEPEST = 512;

/** Throws ModelError where a function calls itself, be it through others, and where calls are too deep to be followed. */
function refuseRecursion(model: Model): void {
  if (model.functions.length === 0) return;
  const byKey = new Map(model.functions.map((fn) => [keyOf(fn.domain, fn.name, fn.overload), fn]));
  /** How deep the calls in it are. */
  const finished = new Map<ModelFunction, number>();
  /** Functions that call each other in this order, and the calls of each that are still to be followed. */
  const path: { readonly fn: ModelFunction; readonly calls: Iterator<ModelFunction> }[] = [];
  const isOnPath = new Set<ModelFunction>();
  function* callsIn(graph: Graph): Generator<ModelFunction> {
    for (const node of graph.nodeSet) {
      const callee = byKey.get(keyOf(node.domain, node.opType, node.overload));
      if (callee) yield callee;
      for (const body of node.bodies) yield* callsIn(body);
    }
  }
  const enter = (fn: ModelFunction): void => {
    if (finished.has(fn)) return;
    if (isOnPath.has(fn)) {
      const circle = [...path.map((one) => one.fn), fn].slice(path.findIndex((one) => one.fn === fn));
      throw new ModelError(
        `function "${fn.name}"`,
        'functions that do not call themselves',
        circle.map(({ name }) => name).join(' → '),
      );
    }
    isOnPath.add(fn);
    path.push({ fn, calls: callsIn(fn.graph) });
  };
  for (const first of model.functions) {
    enter(first);
    for (let last = path.at(-1); last; last = path.at(-1)) {
      const call = last.calls.next();
      if (call.done !== true) enter(call.value);
      else {
        path.pop();
        isOnPath.delete(last.fn);
        const depths = Array.from(callsIn(last.fn.graph), (callee) => finished.get(callee) ?? 0);
        const depth = 1 + maxOf(depths, 0);
        if (depth > DEEPEST)
          throw new ModelError(`function "${last.fn.name}"`, `calls at most ${DEEPEST} deep`, 'deeper ones');
        finished.set(last.fn, depth);
      }
    }
  }
}
