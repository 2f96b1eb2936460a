import type { Tx } from '../db/database.ts';

/** What a resource does when an instance is deleted, in that transaction, while the row is still there. */
export type Ending = (tx: Tx, instanceId: string) => Promise<void>;

const endings = new Set<Ending>();

/** Registers what modules do at the end of an instance. */
export function registerEndings(list: readonly Ending[]): void {
  for (const ending of list) endings.add(ending);
}

/** Lets all resources end what belongs to an instance that is about to be deleted. */
export async function endWhatBelongsTo(tx: Tx, instanceId: string): Promise<void> {
  for (const ending of endings) await ending(tx, instanceId);
}
