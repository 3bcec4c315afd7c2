/** Which local functions are called: they must be whole, and none may call itself. What nothing calls is not looked at by runtimes. */
import { ModelError } from '../ir/errors.js';
import type { Graph } from '../ir/graph.js';
import type { Model, ModelFunction } from '../ir/model.js';
import type { Node } from '../ir/node.js';
import { scopesIn } from '../ir/scopes.js';
import { refuseGiven, refuseMisuse, takenTypes } from './conform.js';
import type { FunctionMessage } from './messages.js';
import { schemaOf } from './schema.js';

interface Read {
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
  const read = new Map<string, Read>();
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
  const called = new Set<ModelFunction>();
  const check = (top: Graph): void => {
    for (const graph of scopesIn(top))
      for (const node of graph.nodes()) {
        refuseMisuse(node);
        if (last.size === 0) continue;
        const key = keyOf(node.domain, node.opType, node.overload);
        const fault = faults.get(key);
        if (fault) throw fault;
        const { fn: callee, taken } = read.get(key) ?? {};
        if (!callee || !taken) continue;
        refuseMore(node, callee);
        refuseGiven(node, callee, taken);
        if (called.size !== called.add(callee).size) check(callee.graph);
      }
  };
  check(model.graph);
  for (const { fn, message } of read.values())
    if (called.has(fn) || !faultOf(() => check(fn.graph))) model.functions.push(fn);
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

/** Throws ModelError where a call hands over, or asks for, more than its function has. */
function refuseMore({ label, inputs, outputs }: Node, { name, graph }: ModelFunction): void {
  for (const [what, found, most] of [
    ['inputs', inputs.length, graph.inputs.length],
    ['outputs', outputs.length, graph.outputs.length],
  ] as const)
    if (found > most) throw new ModelError(label, `at most the ${most} ${what} of function "${name}"`, `${found}`);
}

/** Throws ModelError where a function calls itself, be it through others. */
function refuseRecursion(model: Model): void {
  if (model.functions.length === 0) return;
  const byKey = new Map(model.functions.map((fn) => [keyOf(fn.domain, fn.name, fn.overload), fn]));
  const finished = new Set<ModelFunction>();
  const path: ModelFunction[] = [];
  function* callsIn(graph: Graph): Iterable<ModelFunction> {
    for (const node of graph.nodeSet) {
      const callee = byKey.get(keyOf(node.domain, node.opType, node.overload));
      if (callee) yield callee;
      for (const body of node.bodies) yield* callsIn(body);
    }
  }
  const visit = (fn: ModelFunction): void => {
    if (finished.has(fn)) return;
    const at = path.indexOf(fn);
    path.push(fn);
    if (at >= 0)
      throw new ModelError(
        `function "${fn.name}"`,
        'functions that do not call themselves',
        path
          .slice(at)
          .map(({ name }) => name)
          .join(' → '),
      );
    for (const callee of callsIn(fn.graph)) visit(callee);
    path.pop();
    finished.add(fn);
  };
  for (const fn of model.functions) visit(fn);
}
