/** Places for the nodes of a piece, layer by layer, by dagre. */
import type { GraphNodeInfo } from '../details.js';
import type { PageBuilder } from '../page-builder.js';
import type { GraphData, GraphNode } from '../page-data.js';
import type { GraphChanges, SideName } from './changes.js';

const NODE_HEIGHT = 26;
/** Letters of the drawing are some 7 units wide. */
const LETTER = 7.1;
const MOST_LETTERS = 26;

interface Place {
  readonly width: number;
  readonly height: number;
  readonly x?: number;
  readonly y?: number;
}
interface Path {
  readonly points?: readonly { readonly x: number; readonly y: number }[];
}

/** What comes from outside a piece is a value of its own, unless it is a constant. */
export async function layoutPiece(
  nodes: readonly GraphNodeInfo[],
  side: SideName,
  changes: GraphChanges,
  page: PageBuilder,
): Promise<GraphData> {
  const { Graph, layout } = await import('@dagrejs/dagre');
  const graph = new Graph<object, Place, Path>({ multigraph: true });
  graph.setGraph({ ranksep: 22, nodesep: 12, edgesep: 8, marginx: 8, marginy: 8 });
  const drawn = new Map<string, Omit<GraphNode, 'x' | 'y'>>();
  const add = (id: string, label: string, node: Omit<GraphNode, 'x' | 'y' | 'width' | 'text'>): void => {
    const text = label.length > MOST_LETTERS ? `${label.slice(0, MOST_LETTERS - 1)}…` : label;
    const width = Math.round(text.length * LETTER + 18);
    drawn.set(id, { ...node, width, text: page.text(text) });
    graph.setNode(id, { width, height: NODE_HEIGHT });
  };
  const makers = new Map<string, string>();
  nodes.forEach((node, at) => {
    add(`n${at}`, node.op.replace(/^.*::/, ''), {
      state: changes.stateOf(node, side),
      details: page.details(changes.detailsOf(node, side)),
    });
    for (const value of node.outputs) makers.set(value, `n${at}`);
  });
  const { values } = changes[side];
  nodes.forEach((node, at) => {
    for (const value of new Set(node.inputs)) {
      const isConstant = Object.hasOwn(values, value) && values[value]?.bytes !== undefined;
      if (value === '' || isConstant) continue;
      let from = makers.get(value);
      if (from === undefined) {
        from = `v${value}`;
        if (!drawn.has(from)) {
          const type = changes.typeOf(value, side);
          add(from, type || value, {
            state: 'value',
            details: page.details([
              ['value', value],
              ['type', type],
            ]),
          });
        }
      }
      graph.setEdge(from, `n${at}`, {}, value);
    }
  });
  layout(graph);
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  const whole = Math.round;
  return {
    width: whole(width),
    height: whole(height),
    nodes: [...drawn].map(([id, node]) => {
      const { x = 0, y = 0 } = graph.node(id) as Place;
      return { ...node, x: whole(x), y: whole(y) };
    }),
    edges: graph
      .edges()
      .map((edge: object) => ((graph.edge(edge) as Path).points ?? []).flatMap(({ x, y }) => [whole(x), whole(y)])),
  };
}
