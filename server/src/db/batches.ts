/** Rows that are deleted in one statement, so that no lock is held for long. */
const BATCH = 5000;

/** Deletes rows in batches: `remove` deletes at most so many rows, and returns how many it has deleted. Returns their sum. */
export async function deleteInBatches(
  remove: (limit: number) => Promise<bigint>,
  batch = BATCH,
): Promise<bigint> {
  let sum = 0n;
  for (;;) {
    const removed = await remove(batch);
    sum += removed;
    if (removed < BigInt(batch)) return sum;
  }
}
