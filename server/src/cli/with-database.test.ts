import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestDatabase } from '../../test/database.ts';
import { testConfig } from '../../test/harness.ts';
import { checkAll } from '../host/checks.ts';
import { postgres } from '../host/components/postgres.ts';
import { OperatorError } from '../host/operator-error.ts';
import { withDatabase } from './with-database.ts';

test('commands and doctor refuse the database of a newer Danube with what to do', async () => {
  const database = await createTestDatabase();
  try {
    await database.pool.query(`insert into kysely_migration values ('9999_to_come', '2099-01-01')`);
    const config = testConfig({ DATABASE_URL: database.url });
    await assert.rejects(
      withDatabase(config, async () => {}),
      (error) => error instanceof OperatorError && /newer Danube/.test(error.message),
    );
    const context = { config, installId: 'abc123', incus: 'none' as const, log: () => {} };
    const finding = (await checkAll(context, [postgres])).find(({ component }) => component === 'database');
    assert.match(finding!.message, /newer Danube/);
    assert.match(finding!.remedy!, /docs\/operations\.md/);
  } finally {
    await database.close();
  }
});
