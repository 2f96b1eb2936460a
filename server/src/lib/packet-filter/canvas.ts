import { EVERYBODY, type Family, type Range, type RangeSet } from './addresses.ts';
import type { Action, Direction } from './policy.ts';

/** A rule as it is painted: its policy's index, what it does, and to whom. */
export interface Layer {
  policy: number;
  action: Action;
  peers: RangeSet;
}

/** A cell per segment of the addresses: 1 where packets pass, else 0. */
export type Canvas = Uint8Array;

/** What a cell says while it is painted. The greatest value of several policies is the verdict. */
const UNDECIDED = 0;
const ALLOWED = 1;
const DENIED = 2;

/**
 * Cuts the addresses of a family into segments wherever one of the layers begins or ends, and paints first-match
 * verdicts on them.
 */
export class Painter<L extends Layer> {
  readonly #family: Family;
  readonly #default: number;
  /** First address of each segment. */
  readonly #starts: readonly bigint[];
  /** Segments of each layer: the first, and the one behind the last. */
  readonly #spans: ReadonlyMap<L, readonly [number, number][]>;

  constructor(layers: readonly L[], direction: Direction, family: Family) {
    this.#family = family;
    this.#default = direction === 'inbound' ? DENIED : ALLOWED;
    this.#starts = segmentStarts(layers, family);
    const spanOf = ({ first, last }: Range): [number, number] => [
      segmentAt(this.#starts, first),
      segmentAt(this.#starts, last + 1n),
    ];
    this.#spans = new Map(layers.map((layer) => [layer, layer.peers.map(spanOf)]));
  }

  /** `layers` are in the order in which they are judged. */
  paint(layers: readonly L[]): Canvas {
    const verdicts = new Uint8Array(this.#starts.length);
    for (const policy of Map.groupBy(layers, (layer) => layer.policy).values()) {
      const painted = new Uint8Array(this.#starts.length);
      for (const layer of policy.toReversed()) {
        const colour = layer.action === 'allow' ? ALLOWED : DENIED;
        for (const [from, to] of this.#spans.get(layer)!) painted.fill(colour, from, to);
      }
      for (let i = 0; i < verdicts.length; i += 1) {
        if (painted[i]! > verdicts[i]!) verdicts[i] = painted[i]!;
      }
    }
    return verdicts.map((verdict) => ((verdict === UNDECIDED ? this.#default : verdict) === ALLOWED ? 1 : 0));
  }

  /** The addresses whose cells are 1. */
  peersOf(canvas: Canvas): RangeSet {
    const ranges: Range[] = [];
    for (let from = canvas.indexOf(1); from >= 0; ) {
      const to = canvas.indexOf(0, from);
      const behind = to < 0 ? EVERYBODY[this.#family][0]!.last + 1n : this.#starts[to]!;
      ranges.push({ first: this.#starts[from]!, last: behind - 1n });
      from = to < 0 ? -1 : canvas.indexOf(1, to);
    }
    return ranges;
  }
}

/**
 * Sorted, each once. A `Set` would do it, were not all IPv6 addresses with the same lower half in one place of its
 * table (V8 makes the hash of a bigint from its lowest 64 bits).
 */
function segmentStarts(layers: readonly Layer[], family: Family): bigint[] {
  const end = EVERYBODY[family][0]!.last + 1n;
  const edges = layers.flatMap(({ peers }) => peers.flatMap(({ first, last }) => [first, last + 1n]));
  return [0n, ...edges]
    .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
    .filter((edge, index, sorted) => edge < end && edge !== sorted[index - 1]);
}

/** The segment that starts at `edge`, by halving; the number of segments for the end of all addresses. */
function segmentAt(starts: readonly bigint[], edge: bigint): number {
  let from = 0;
  for (let to = starts.length; from < to; ) {
    const middle = (from + to) >> 1;
    if (starts[middle]! < edge) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** How many ranges it takes to say which cells are 1 in `canvas`, and not in `without`. */
export function countRanges(canvas: Canvas, without: Canvas | null): number {
  let ranges = 0;
  let inside = false;
  for (let i = 0; i < canvas.length; i += 1) {
    const isIn = canvas[i] === 1 && without?.[i] !== 1;
    if (isIn && !inside) ranges += 1;
    inside = isIn;
  }
  return ranges;
}

export const sameCanvas = (a: Canvas, b: Canvas): boolean => Buffer.compare(a, b) === 0;
