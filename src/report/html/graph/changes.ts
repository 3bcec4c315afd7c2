/** Which nodes of both graphs are kept, new or gone, and what is known of each. */
import { msText, numberText } from '../../../ir/text/quantities.js';
import type { DetailedReport, GraphNodeInfo, LineageInfo, SideInfo } from '../details.js';
import { nodeOf } from '../facts.js';
import type { RowDetails } from '../page-builder.js';
import { treeText } from './tree.js';

export type SideName = 'before' | 'after';
export type NodeState = 'kept' | 'new' | 'gone';
type Site = NonNullable<DetailedReport['passes'][number]['sites']>[number] & { readonly pass: string };

/** Both graphs of a report, node by node: the names of nodes are unique in each. */
export class GraphChanges {
  readonly before: SideInfo;
  readonly after: SideInfo;
  readonly #made = new Map<string, LineageInfo>();
  readonly #replaced = new Map<string, LineageInfo>();
  readonly #names: Record<SideName, Set<string>>;
  /** Nodes that stand for one node of the same operator, on both sides: renamed, or with other inputs. */
  readonly #kept: Record<SideName, Set<string>> = { before: new Set(), after: new Set() };
  /** What a fusing pass says of a node, by its name. */
  readonly #sites = new Map<string, Site>();

  constructor(readonly report: DetailedReport & Required<Pick<DetailedReport, 'graph'>>) {
    this.before = report.graph.before;
    this.after = report.graph.after;
    for (const one of report.lineage ?? []) {
      for (const name of one.nodes) this.#made.set(name, one);
      for (const name of one.from) this.#replaced.set(name, one);
    }
    const opsOf = ({ nodes }: SideInfo): Map<string, string> => new Map(nodes.map(({ name, op }) => [name, op]));
    const ops = { before: opsOf(this.before), after: opsOf(this.after) };
    for (const { nodes, from } of report.lineage ?? []) {
      const [[made = ''], [source = '']] = [nodes, from];
      if (nodes.length !== 1 || from.length !== 1 || ops.after.get(made) !== ops.before.get(source)) continue;
      this.#kept.after.add(made);
      this.#kept.before.add(source);
    }
    const names = ({ nodes }: SideInfo): Set<string> => new Set(nodes.map(({ name }) => name));
    this.#names = { before: names(this.before), after: names(this.after) };
    for (const { name: pass, sites = [] } of report.passes)
      for (const site of sites) this.#sites.set(nodeOf(site.at), { ...site, pass });
  }

  stateOf({ name }: GraphNodeInfo, side: SideName): NodeState {
    if (this.#kept[side].has(name)) return 'kept';
    if (side === 'after') return this.#made.has(name) || !this.#names.before.has(name) ? 'new' : 'kept';
    return this.#names.after.has(name) && !this.#made.has(name) ? 'kept' : 'gone';
  }

  /** The nodes of the original that a node of the result stands for; none for one that was put in. */
  sourcesOf({ name }: GraphNodeInfo): readonly string[] {
    return this.#made.get(name)?.from ?? (this.#names.before.has(name) ? [name] : []);
  }

  /** What a fusing pass says of the node. */
  siteOf({ name }: GraphNodeInfo): Site | undefined {
    return this.#sites.get(name);
  }

  /** `24 × layer`, and which of them; empty for a node that does not repeat. */
  blockOf({ block, repeat }: GraphNodeInfo, side: SideName): string {
    const found = block === undefined ? undefined : this[side].blocks[block];
    return found ? `${found.name}${repeat === undefined ? '' : ` ${repeat + 1} of ${found.repeats}`}` : '';
  }

  typeOf(value: string, side: SideName, scope?: string): string {
    const { values } = this[side];
    const found = Object.hasOwn(values, value) ? values[value] : scope ? values[`${scope}/${value}`] : undefined;
    return found ? `${found.type}[${found.shape.replaceAll(',', ', ')}]` : '';
  }

  detailsOf(node: GraphNodeInfo, side: SideName): RowDetails {
    const made = side === 'after' ? this.#made.get(node.name) : undefined;
    const replaced =
      side === 'before' && (this.stateOf(node, side) === 'gone' || this.#kept.before.has(node.name))
        ? this.#replaced.get(node.name)
        : undefined;
    const one = made ?? replaced;
    const site = this.siteOf(node);
    const ports = (names: readonly string[]): string =>
      names
        .map((name) => (name ? [name, this.typeOf(name, side, node.scope)].filter(Boolean).join(' ') : '(left out)'))
        .join('\n');
    return [
      ['node', node.name],
      ['operator', node.op],
      ['graph', node.scope],
      ['block', this.blockOf(node, side)],
      ['stands for', made && (made.from.join('\n') || 'nothing of the input: it was put in')],
      ['now', replaced?.nodes.join('\n')],
      ['pass', one && [one.pass, one.rule].filter(Boolean).join(', rule ')],
      ['proof', one && proofText(one.proof)],
      ['inputs', ports(node.inputs)],
      ['outputs', ports(node.outputs)],
      ['runs on', [node.provider, node.state].filter(Boolean).join(', ')],
      ['cause', node.cause],
      ['time', node.ms === undefined ? undefined : msText(node.ms)],
      ['site', site && `${site.kind}${site.rule ? `, ${site.rule}` : ''}: ${site.fused ? 'fused' : 'not fused'}`],
      ['why not', site?.fused ? undefined : site?.reason],
      ['matched', site?.matched === undefined ? undefined : `${site.matched} nodes, up to ${site.reached ?? '?'}`],
      ['help', site?.help],
      ['tree', site && treeText(this.report, site)],
    ];
  }
}

const proofText = ({ how, error }: LineageInfo['proof']): string =>
  error === undefined ? how : `${how}, error ${numberText(error ?? Number.POSITIVE_INFINITY)}`;
