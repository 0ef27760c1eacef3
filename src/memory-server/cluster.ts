/** A node of the cluster whose configuration endpoint the server plays. */
export interface ClusterNode {
  host: string;
  port: number;
  /** The node's IP address, where it is given besides the name. @default '' */
  address?: string | undefined;
}

/** The key under which engines before 1.4.14 have the list. */
export const OLD_KEY = 'AmazonElastiCache:cluster';

/** What a configuration endpoint of ElastiCache knows: the nodes, and how often they have changed. */
export class Cluster {
  #nodes: readonly ClusterNode[] = [];
  #version = 0;

  get nodes(): readonly ClusterNode[] {
    return this.#nodes;
  }

  set nodes(nodes: readonly ClusterNode[]) {
    this.#nodes = [...nodes];
    this.#version++;
  }

  /** The configuration as it is sent; none without nodes. */
  get text(): string | undefined {
    if (this.#nodes.length === 0) return undefined;
    const nodes = this.#nodes.map(({ host, address = '', port }) => `${host}|${address}|${port}`);
    return `${this.#version}\n${nodes.join(' ')}\n`;
  }
}
