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
    const end = EVERYBODY[family][0]!.last + 1n;
    const edges = layers.flatMap(({ peers }) => peers.flatMap(({ first, last }) => [first, last + 1n]));
    this.#starts = [...new Set([0n, ...edges])]
      .filter((edge) => edge < end)
      .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    const index = new Map(this.#starts.map((start, segment) => [start, segment]));
    const segmentAt = (edge: bigint): number => index.get(edge) ?? this.#starts.length;
    this.#spans = new Map(
      layers.map((layer) => [
        layer,
        layer.peers.map(({ first, last }) => [segmentAt(first), segmentAt(last + 1n)]),
      ]),
    );
  }

  /** `layers` are in the order in which they are judged. */
  paint(layers: readonly L[]): Canvas {
    const verdicts = new Uint8Array(this.#starts.length);
    for (const policy of new Set(layers.map((layer) => layer.policy))) {
      const painted = new Uint8Array(this.#starts.length);
      for (const layer of layers.toReversed()) {
        if (layer.policy !== policy) continue;
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
