import { randomUUID } from 'node:crypto';
import type { DBOS } from '@dbos-inc/dbos-sdk';
import { DBOSExecutor } from '@dbos-inc/dbos-sdk/internal/dbos-executor';

type Queue = Awaited<ReturnType<typeof DBOS.registerQueue>>;

/**
 * Starts what waits in a queue, now: what DBOS does each time it looks at the queue by itself. It has no public call for that,
 * so these are parts of its own; its version is fixed in `package.json`. Returns whether this process is at work on as much as
 * it takes, so that more may be waiting.
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
