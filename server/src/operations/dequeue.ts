import { randomUUID } from 'node:crypto';
import type { DBOS } from '@dbos-inc/dbos-sdk';
import { DBOSExecutor } from '@dbos-inc/dbos-sdk/internal/dbos-executor';

type Queue = Awaited<ReturnType<typeof DBOS.registerQueue>>;

/**
 * Starts the work that waits in a queue, as DBOS does at each poll. DBOS has no public call for this, so it uses
 * internals of the exact version in `package.json`. Returns whether this process is at its limit of concurrent work, so
 * that more may be waiting.
 */
export async function dequeue(queue: Queue, version: string): Promise<boolean> {
  const executor = DBOSExecutor.globalInstance;
  if (!executor) return false;
  const { systemDatabase, executorID } = executor;
  const limit = queue.workerConcurrency ?? Number.POSITIVE_INFINITY;
  const running = systemDatabase.countRunningWorkflowsForQueue(queue.name);
  if (running >= limit) return true;
  const owner = randomUUID();
  const ids = await systemDatabase.findAndMarkStartableWorkflows(
    queue,
    executorID,
    version,
    undefined,
    running,
    0,
    owner,
  );
  if (ids.length > 0) await executor.dispatchDequeuedWorkflows(ids, owner);
  return running + ids.length >= limit;
}
