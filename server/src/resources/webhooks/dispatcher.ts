import { startWakeUp } from '../../db/wake-up.ts';
import { EVENTS_CHANNEL } from '../../events/store.ts';
import { logFailure } from '../../lib/failure.ts';
import { type DeliveryDependencies, EndpointWorker } from './endpoint-worker.ts';
import { fanOut } from './fan-out.ts';
import { findDue, untilNextDue } from './queue.ts';

/** Most milliseconds between two looks for what is due, in case a notification is lost. */
const LOOK_EVERY = 30_000;

/** Makes deliveries of new events, and sends what is due. Every worker runs one; they share the work. */
export function startDispatcher(dependencies: DeliveryDependencies): { stop(): Promise<void> } {
  const { database, log } = dependencies;
  const workers = new Map<string, { worker: EndpointWorker; ended: Promise<void> }>();
  const missed = new Set<string>();
  let stopped = false;

  const wakeUp = startWakeUp(
    {
      databaseUrl: database.url,
      channel: EVENTS_CHANNEL,
      log,
      lookEvery: LOOK_EVERY,
      untilDue: () => untilNextDue(database.db),
    },
    look,
  );

  async function look(): Promise<void> {
    while (!stopped && (await fanOut(database)));
    for (const id of await findDue(database.db)) if (!stopped) startWorker(id);
  }

  /** An endpoint has one worker: what is slow holds up only itself. */
  function startWorker(id: string): void {
    if (workers.has(id)) {
      missed.add(id);
      return;
    }
    const worker = new EndpointWorker(id, dependencies);
    const ended = worker
      .run()
      .catch((error) => logFailure(log, error, 'deliveries broke off', { endpoint: id }))
      .finally(() => {
        workers.delete(id);
        // It may have ended just before there was more to do.
        if (missed.delete(id)) wakeUp.wake();
        else void wakeUp.lookAhead();
      });
    workers.set(id, { worker, ended });
  }

  return {
    async stop() {
      stopped = true;
      for (const { worker } of workers.values()) worker.stop();
      await wakeUp.stop();
      await Promise.all(Array.from(workers.values(), ({ ended }) => ended));
    },
  };
}
