import type { parseArgs } from 'node:util';

type Options = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>;
export type Values = Record<string, string | boolean | undefined>;

/** What `danube` can be told to do. */
export interface Command {
  /** As typed, for example `token create`. */
  name: string;
  usage: string;
  help: string;
  options: Options;
  /** How many words may follow the name. */
  words: [min: number, max: number];
  /** Resolves to the exit status. Imports its code when it is called, so that each command loads only what it needs. */
  run(words: string[], values: Values): Promise<number>;
}
