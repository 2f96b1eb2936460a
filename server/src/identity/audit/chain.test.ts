import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { sql } from 'kysely';
import { createTestDatabase, type TestDatabase } from '../../../test/database.ts';
import { createSecretBox } from '../../lib/crypto.ts';
import { placeEntries, verifyChain } from './chain.ts';
import { recordAudit } from './record.ts';

const WRITERS = 8;
const TRANSACTIONS = 50;
const ENTRIES = 25;
const ALL = WRITERS * TRANSACTIONS * ENTRIES;

describe('the chain of the audit log', () => {
  const secrets = createSecretBox(Buffer.alloc(32, 7));
  let database: TestDatabase;
  before(async () => {
    database = await createTestDatabase();
  });
  after(() => database?.drop());

  const write = (action: string, more: object = {}) =>
    recordAudit(database.db, {
      actor: { accountId: 1, via: { kind: 'token', tokenId: 1 }, address: '192.0.2.1' },
      teamId: 1,
      action,
      ...more,
    });
  const problems = async () => (await verifyChain(database, secrets)).problems;

  /** Does what somebody could who has the database's own rights, looks at the chain, and undoes it. */
  async function problemsAfter(tampering: string): Promise<string[]> {
    const undo = new Error('undo');
    let found: string[] = [];
    await database.db
      .transaction()
      .execute(async (tx) => {
        await sql`set local session_replication_role = replica`.execute(tx);
        await sql.raw(tampering).execute(tx);
        const inside = { ...database, db: tx, transaction: (work: (t: typeof tx) => unknown) => work(tx) };
        found = (await verifyChain(inside as never, secrets)).problems;
        throw undo;
      })
      .catch((error: unknown) => {
        if (error !== undo) throw error;
      });
    return found;
  }

  it('is empty and whole before the first entry', async () => {
    assert.deepEqual(await problems(), []);
  });

  it('is whole as long as only Danube writes it', async () => {
    for (let number = 0; number < 120; number++) await write('write', { after: { number } });
    const { entries, head, problems } = await verifyChain(database, secrets);
    assert.deepEqual([entries, head.position, problems], [120, 120, []]);
  });

  it('takes no change and no deletion', async () => {
    for (const statement of [
      `update audit_entries set action = 'other' where position = 5`,
      `update audit_entries set position = position + 1000000`,
      'delete from audit_entries where position = 5',
      'truncate audit_entries',
    ]) {
      await assert.rejects(database.pool.query(statement), /never changed or deleted/, statement);
    }
    await write('waits');
    await assert.rejects(
      database.pool.query(
        `update audit_entries set position = 0, previous_hash = '', hash = '', action = 'x' where position is null`,
      ),
      /never changed/,
    );
  });

  it('names what was changed, removed, put in another’s place or inserted', async () => {
    const seen = await verifyChain(database, secrets);
    const last = seen.head.position;
    const copy = `insert into audit_entries (position, previous_hash, hash, action, outcome)
      select`;
    for (const [tampering, expected] of [
      [`update audit_entries set action = 'x' where position = 47`, ['Entry 47 was changed']],
      [
        `update audit_entries set after = after || '{"number": 3}' where position = 9`,
        ['Entry 9 was changed'],
      ],
      [
        `update audit_entries set created_at = created_at - interval '1 day' where position = 2`,
        ['Entry 2 was'],
      ],
      ['delete from audit_entries where position = 1', ['Entry 1 was removed.']],
      ['delete from audit_entries where position between 17 and 20', ['The entries 17 to 20 were removed.']],
      [`delete from audit_entries where position = ${last}`, [`Entry ${last} was removed.`]],
      [
        `delete from audit_entries where position > ${last - 3}`,
        [`The entries ${last - 2} to ${last} were removed.`],
      ],
      [
        `delete from audit_entries where position = 30; ${copy} 30, previous_hash, hash, 'x', 'done'
         from audit_entries where position = 29`,
        [
          'Entry 30 was changed, or was not written by Danube.',
          'Entry 31 does not follow on the entry 30 that is there now.',
        ],
      ],
      [
        `${copy} ${last + 1}, hash, hash, 'x', 'done' from audit_entries where position = ${last}`,
        [`Entry ${last + 1} was inserted after the end of the log.`],
      ],
      [
        `${copy} -1, hash, hash, 'x', 'done' from audit_entries where position = 1`,
        ['Entry -1 was changed, or was not written by Danube.'],
      ],
      [
        `delete from audit_entries where position > 10;
         update audit_head set position = 10, hash = (select hash from audit_entries where position = 10)`,
        ['The end of the log was changed'],
      ],
    ] as const) {
      const found = await problemsAfter(tampering);
      assert.equal(found.length, expected.length, `${tampering}: ${found.join(' ')}`);
      for (const [index, beginning] of expected.entries())
        assert.ok(found[index]!.startsWith(beginning), `${tampering}: ${found[index]}`);
    }
    assert.deepEqual(await problems(), []);
  });

  it('names the first that moved where the places were numbered anew', async () => {
    const found = await problemsAfter(`
      delete from audit_entries where position = 50;
      update audit_entries set position = -position where position > 50;
      update audit_entries set position = -position - 1 where position < 0`);
    assert.match(found[0]!, /^Entry 50 was changed/);
  });

  it('tells whether it goes on from where it was', async () => {
    const { head } = await verifyChain(database, secrets);
    await write('later');
    assert.deepEqual((await verifyChain(database, secrets, head)).problems, []);
    const other = { position: head.position, hash: '0'.repeat(64) };
    assert.match((await verifyChain(database, secrets, other)).problems[0]!, /not the one that was noted/);
  });

  it('is not believed with another key', async () => {
    const others = createSecretBox(Buffer.alloc(32, 8));
    assert.match((await verifyChain(database, others)).problems[0]!, /end of the log was changed/);
    await write('unplaced');
    await assert.rejects(placeEntries(database, others), /end of the audit log was changed/);
  });

  it('is one, whatever eight writers do at once', async () => {
    const before = (await verifyChain(database, secrets)).entries;
    const writers = Array.from({ length: WRITERS }, async (_, writer) => {
      for (let number = 0; number < TRANSACTIONS; number++) {
        await database.transaction(async (tx) => {
          for (let index = 0; index < ENTRIES; index++) {
            await recordAudit(tx, {
              actor: { accountId: writer, via: null, address: null },
              teamId: 1,
              action: 'write',
              after: { writer, number, index, text: 'é\u2028"\\', big: 1e21 },
            });
          }
        });
        if (number % 10 === 0) await placeEntries(database, secrets);
      }
    });
    await Promise.all(writers);
    const { entries, head, problems } = await verifyChain(database, secrets);
    assert.deepEqual([entries, head.position, problems], [before + ALL, before + ALL, []]);
    assert.match(
      (await problemsAfter(`update audit_entries set action = 'x' where position = 4711`))[0]!,
      /^Entry 4711 was changed/,
    );
  });
});
