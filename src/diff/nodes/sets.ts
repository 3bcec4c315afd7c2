/** Nodes in sets that are joined. */
import type { Node } from '../../ir/node.js';

export class NodeSets {
  readonly #parents = new Map<Node, Node>();

  /** The node that stands for the set of this one. */
  of(node: Node): Node {
    let root = node;
    for (let next = this.#parents.get(root); next; next = this.#parents.get(root)) root = next;
    for (let one = node; one !== root; ) {
      const next = this.#parents.get(one) as Node;
      this.#parents.set(one, root);
      one = next;
    }
    return root;
  }

  join(a: Node, b: Node): void {
    const [root, other] = [this.of(a), this.of(b)];
    if (root !== other) this.#parents.set(other, root);
  }
}
