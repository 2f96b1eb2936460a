import type { Database } from '../../db/database.ts';
import { acceptForInstance } from '../../instances/lifecycle.ts';
import { lockInstance } from '../../instances/store.ts';
import { DANUBE } from '../../operations/accept.ts';
import { hasUnfinished } from '../../operations/unfinished.ts';
import type { Reconciler } from '../../reconcilers/reconcilers.ts';
import { forEachRow } from '../../reconcilers/rows.ts';
import { serviceOperations, updatableColumns } from './operations.ts';
import { getService, listExpiredPasswords, updateService } from './store.ts';

/** Takes the password before the last rotation from engines once its time is over. */
export function passwordExpiry(database: Database): Reconciler {
  return {
    name: 'password-expiry',
    everySeconds: 15,
    async run() {
      await forEachRow(
        await listExpiredPasswords(database.db),
        ({ id }) => id,
        ({ id }) => expire(database, id),
      );
    },
  };
}

/** Accepts an update without changes: settings contain an expired password no longer. The next pass tries again. */
async function expire(database: Database, id: string): Promise<void> {
  await database.transaction(async (tx) => {
    if (!(await lockInstance(tx, id)) || (await hasUnfinished(tx, id))) return;
    const row = await getService(tx, id);
    // One with a problem reads all of its settings when it starts.
    if (row.status !== 'error') {
      await acceptForInstance(tx, DANUBE, row, serviceOperations.update, {
        running: row.desired === 'running',
        restart: false,
        what: 'the previous password no longer works.',
        previous: updatableColumns(row),
      });
    }
    await updateService(tx, id, { previous_password_sealed: null, previous_password_until: null });
  });
}
