import { EVERYBODY, type Family, type Range, type RangeSet } from './addresses.ts';
import type { Action, Direction } from './policy.ts';

/** A rule to paint: the index of its policy, its action and its peers. */
export interface Layer {
  policy: number;
  action: Action;
  peers: RangeSet;
}

/** One cell per segment of the address space: 1 where packets pass, else 0. */
export type Canvas = Uint8Array;

/** The value of a cell while painting. The greatest value over all policies is the verdict. */
const UNDECIDED = 0;
const ALLOWED = 1;
const DENIED = 2;

/**
 * Divides the address space of a family into segments at the edges of all layers, and paints first-match verdicts on
 * the segments.
 */
export class Painter<L extends Layer> {
  readonly #family: Family;
  readonly #default: number;
  /** First address of each segment. */
  readonly #starts: readonly bigint[];
  /** Segments of each layer: index of the first, and of the one after the last. */
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

  /** `layers` are in the order of evaluation. */
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

  /** The addresses of the cells with value 1. */
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
 * Sorted and unique. Not a `Set`: V8 hashes a bigint by its lowest 64 bits, so IPv6 addresses with the same lower half
 * would all collide.
 */
function segmentStarts(layers: readonly Layer[], family: Family): bigint[] {
  const end = EVERYBODY[family][0]!.last + 1n;
  const edges = layers.flatMap(({ peers }) => peers.flatMap(({ first, last }) => [first, last + 1n]));
  return [0n, ...edges]
    .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
    .filter((edge, index, sorted) => edge < end && edge !== sorted[index - 1]);
}

/**
 * Index of the segment that starts at `edge`, by binary search; the number of segments for the end of the address
 * space.
 */
function segmentAt(starts: readonly bigint[], edge: bigint): number {
  let from = 0;
  for (let to = starts.length; from < to; ) {
    const middle = (from + to) >> 1;
    if (starts[middle]! < edge) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** The number of ranges needed for the cells that are 1 in `canvas`, and not in `without`. */
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
