/**
 * The minimum cut of a grid: which pixels belong to the object and which to
 * the background, when each prefers one side and neighbors want to agree.
 *
 * Source: Boykov, Kolmogorov, "An Experimental Comparison of Min-Cut/Max-Flow
 * Algorithms for Energy Minimization in Vision" (PAMI 2004): two search trees
 * that are kept from one augmenting path to the next.
 *
 * @module
 */

/** The neighbors of a pixel as x, y steps; `d ^ 1` is opposite to `d`. */
export const NEIGHBORS: readonly (readonly [x: number, y: number])[] = [
  [1, 0],
  [-1, 0],
  [0, 1],
  [0, -1],
  [1, 1],
  [-1, -1],
  [-1, 1],
  [1, -1],
];

/** What is cut, see {@linkcode minCut}. Costs are rounded to an 8th. */
export interface CutProblem {
  /** Width in px. */
  readonly width: number;
  /** Height in px. */
  readonly height: number;
  /**
   * (height, width): what it costs to call a pixel background, less what it
   * costs to call it object; Infinity and -Infinity decide it.
   */
  readonly preference: Float32Array;
  /**
   * (4, height, width): what it costs to part a pixel from its neighbor to the
   * right, below, below right and below left, not negative.
   */
  readonly links: readonly Float32Array[];
}

/** Costs are whole numbers inside: no flow is lost by rounding. */
const UNIT = 8;
/** More than all links of a pixel together. */
const CERTAIN = 1 << 24;

const FREE = 0, OBJECT = 1, GROUND = 2;
/** Parents that are no direction. */
const TERMINAL = 8, NOBODY = 9;

/**
 * 1 for each pixel of the object, 0 for the background: the labels of least
 * total cost. Pixels without any preference that nothing holds are background.
 *
 * @throws {RangeError} When an array does not fit the size.
 */
export function minCut(problem: CutProblem): Uint8Array {
  const { width, height, preference, links } = problem;
  const pixels = width * height;
  if (
    preference.length !== pixels || links.length !== 4 ||
    links.some((values) => values.length !== pixels)
  ) {
    throw new RangeError(
      `Cannot cut ${width}x${height} px: expected ${pixels} preferences and four links each`,
    );
  }
  const graph = new GridGraph(problem);
  graph.run();
  const object = new Uint8Array(pixels);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      object[i] = Number(graph.tree[graph.at(x, y)] === OBJECT);
    }
  }
  return object;
}

/** A grid with a frame of pixels around it that nothing leads to. */
class GridGraph {
  readonly tree: Uint8Array;
  readonly #stride: number;
  readonly #steps: Int32Array;
  /** What can still flow to the neighbor in a direction. */
  readonly #room: Int32Array[];
  /** What can still flow from the source (positive) or to the sink. */
  readonly #terminal: Int32Array;
  readonly #parent: Uint8Array;
  readonly #mark: Int32Array;
  readonly #far: Int32Array;
  #time = 0;
  #active: Int32Array;
  readonly #queued: Uint8Array;
  #head = 0;
  #tail = 0;
  readonly #orphans: number[] = [];

  constructor({ width, height, preference, links }: CutProblem) {
    this.#stride = width + 2;
    const nodes = this.#stride * (height + 2);
    this.#steps = Int32Array.from(
      NEIGHBORS,
      ([x, y]) => y * this.#stride + x,
    );
    this.#room = NEIGHBORS.map(() => new Int32Array(nodes));
    this.#terminal = new Int32Array(nodes);
    this.tree = new Uint8Array(nodes);
    this.#parent = new Uint8Array(nodes).fill(NOBODY);
    this.#mark = new Int32Array(nodes);
    this.#far = new Int32Array(nodes);
    this.#queued = new Uint8Array(nodes);
    this.#active = new Int32Array(nodes + 1);
    for (let y = 0, i = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) {
        const node = this.at(x, y);
        const value = Math.round(UNIT * preference[i]!);
        this.#terminal[node] = Math.min(CERTAIN, Math.max(-CERTAIN, value));
        for (let k = 0; k < 4; k++) {
          const [dx, dy] = NEIGHBORS[2 * k]!;
          if (x + dx < 0 || x + dx >= width || y + dy >= height) continue;
          const cost = Math.round(UNIT * links[k]![i]!);
          this.#room[2 * k]![node] = cost;
          this.#room[2 * k + 1]![node + this.#steps[2 * k]!] = cost;
        }
      }
    }
  }

  at(x: number, y: number): number {
    return (y + 1) * this.#stride + x + 1;
  }

  run(): void {
    const terminal = this.#terminal, tree = this.tree;
    for (let i = 0; i < terminal.length; i++) {
      if (terminal[i] === 0) continue;
      tree[i] = terminal[i]! > 0 ? OBJECT : GROUND;
      this.#parent[i] = TERMINAL;
      this.#far[i] = 1;
      this.#push(i);
    }
    for (;;) {
      const node = this.#next();
      if (node < 0) return;
      while (tree[node] !== FREE && this.#grow(node)) {
        // Until this node finds no more paths.
      }
    }
  }

  #push(node: number): void {
    if (this.#queued[node]) return;
    this.#queued[node] = 1;
    this.#active[this.#tail] = node;
    this.#tail = (this.#tail + 1) % this.#active.length;
  }

  #next(): number {
    if (this.#head === this.#tail) return -1;
    const node = this.#active[this.#head]!;
    this.#head = (this.#head + 1) % this.#active.length;
    this.#queued[node] = 0;
    return node;
  }

  /** Grows a tree from a node; true when a path was found and used. */
  #grow(node: number): boolean {
    const tree = this.tree, mine = tree[node]!;
    for (let d = 0; d < 8; d++) {
      const other = node + this.#steps[d]!;
      const room = mine === OBJECT
        ? this.#room[d]![node]!
        : this.#room[d ^ 1]![other]!;
      if (room === 0) continue;
      if (tree[other] === FREE) {
        tree[other] = mine;
        this.#parent[other] = d ^ 1;
        this.#mark[other] = this.#mark[node]!;
        this.#far[other] = this.#far[node]! + 1;
        this.#push(other);
      } else if (tree[other] !== mine) {
        if (mine === OBJECT) this.#augment(node, d);
        else this.#augment(other, d ^ 1);
        this.#adopt();
        return true;
      }
    }
    return false;
  }

  /** Sends what fits through the link from an object to a ground node. */
  #augment(start: number, way: number): void {
    const room = this.#room, parent = this.#parent, steps = this.#steps;
    const end = start + steps[way]!;
    let flow = room[way]![start]!;
    let node = start;
    for (let d = parent[node]!; d < 8; d = parent[node]!) {
      const up = node + steps[d]!;
      flow = Math.min(flow, room[d ^ 1]![up]!);
      node = up;
    }
    flow = Math.min(flow, this.#terminal[node]!);
    node = end;
    for (let d = parent[node]!; d < 8; d = parent[node]!) {
      flow = Math.min(flow, room[d]![node]!);
      node += steps[d]!;
    }
    flow = Math.min(flow, -this.#terminal[node]!);

    room[way]![start]! -= flow;
    room[way ^ 1]![end]! += flow;
    node = start;
    for (let d = parent[node]!; d < 8; d = parent[node]!) {
      const up = node + steps[d]!;
      room[d]![node]! += flow;
      if ((room[d ^ 1]![up]! -= flow) === 0) this.#orphan(node);
      node = up;
    }
    if ((this.#terminal[node]! -= flow) === 0) this.#orphan(node);
    node = end;
    for (let d = parent[node]!; d < 8; d = parent[node]!) {
      const up = node + steps[d]!;
      room[d ^ 1]![up]! += flow;
      if ((room[d]![node]! -= flow) === 0) this.#orphan(node);
      node = up;
    }
    if ((this.#terminal[node]! += flow) === 0) this.#orphan(node);
  }

  #orphan(node: number): void {
    this.#parent[node] = NOBODY;
    this.#orphans.push(node);
  }

  /** Finds new parents for nodes that lost theirs, or sets them free. */
  #adopt(): void {
    const tree = this.tree, parent = this.#parent, steps = this.#steps;
    this.#time++;
    for (let next = 0; next < this.#orphans.length; next++) {
      const node = this.#orphans[next]!;
      const mine = tree[node]!;
      let best = NOBODY, nearest = Infinity;
      for (let d = 0; d < 8; d++) {
        const other = node + steps[d]!;
        if (tree[other] !== mine || parent[other] === NOBODY) continue;
        const room = mine === OBJECT
          ? this.#room[d ^ 1]![other]!
          : this.#room[d]![node]!;
        if (room === 0) continue;
        const far = this.#distance(other);
        if (far < nearest) {
          nearest = far;
          best = d;
        }
      }
      parent[node] = best;
      if (best !== NOBODY) {
        this.#mark[node] = this.#time;
        this.#far[node] = nearest + 1;
        continue;
      }
      for (let d = 0; d < 8; d++) {
        const other = node + steps[d]!;
        if (tree[other] !== mine) continue;
        const room = mine === OBJECT
          ? this.#room[d ^ 1]![other]!
          : this.#room[d]![node]!;
        if (room > 0) this.#push(other);
        if (parent[other] === (d ^ 1)) this.#orphan(other);
      }
      tree[node] = FREE;
    }
    this.#orphans.length = 0;
  }

  /** Nodes up to a terminal; Infinity where the way ends at an orphan. */
  #distance(start: number): number {
    const parent = this.#parent, steps = this.#steps;
    let node = start, far = 0;
    for (;;) {
      if (this.#mark[node] === this.#time) {
        far += this.#far[node]!;
        break;
      }
      const d = parent[node]!;
      if (d === NOBODY) return Infinity;
      far++;
      if (d === TERMINAL) {
        this.#mark[node] = this.#time;
        this.#far[node] = 1;
        break;
      }
      node += steps[d]!;
    }
    const length = far;
    node = start;
    while (this.#mark[node] !== this.#time) {
      this.#mark[node] = this.#time;
      this.#far[node] = far--;
      node += steps[parent[node]!]!;
    }
    return length;
  }
}
