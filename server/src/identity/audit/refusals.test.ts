import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createApiClient } from '../../../test/api-client.ts';
import { createTeam, joinTeam, startTestApp, type TestApp } from '../../../test/harness.ts';
import { createSecretBox } from '../../lib/crypto.ts';
import { verifyChain } from './chain.ts';
import type { AuditEntry } from './record.ts';
import { Refusals } from './refusals.ts';

describe('refusals that are repeated', () => {
  const secretKey = Buffer.alloc(32, 3);
  let test: TestApp;
  before(async () => {
    test = await startTestApp({ secretKey });
  });
  after(() => test?.close());

  const refusedOf = async (accountId: number) =>
    (
      await test.database.db
        .selectFrom('audit_entries')
        .selectAll()
        .where('account_id', '=', accountId)
        .where('outcome', '=', 'refused')
        .orderBy('id')
        .execute()
    ).map(({ action, error_code, resource_id, after: told }) => ({
      action,
      error_code,
      resource_id,
      repeated: (told as { repeated?: number } | null)?.repeated ?? null,
    }));

  it('are one entry at once, and one more that counts the others', async () => {
    const member = await createTeam(test.database);
    const token = await joinTeam(test.database, member.accountId, test.team.teamId, 'viewer');
    const call = createApiClient(test.app.http, token);
    for (let id = 1; id <= 40; id++) assert.equal((await call('DELETE', `/ssh-keys/${id}`)).status, 403);
    assert.equal((await call('POST', '/vps', { body: {} })).status, 403);
    const first = [
      { action: 'deleteSshKey', error_code: 'missing_scope', resource_id: '1', repeated: null },
      { action: 'createVps', error_code: 'missing_scope', resource_id: null, repeated: null },
    ];
    assert.deepEqual(await refusedOf(member.accountId), first);
    // A server that stops writes what it has counted.
    await test.restart();
    assert.deepEqual(await refusedOf(member.accountId), [
      ...first,
      { action: 'deleteSshKey', error_code: 'missing_scope', resource_id: null, repeated: 39 },
    ]);
    const { problems } = await verifyChain(test.database, createSecretBox(secretKey));
    assert.deepEqual(problems, []);
  });

  it('are told apart by credential, team, action and error', async () => {
    const written: AuditEntry[] = [];
    const refusals = new Refusals(async (entry) => void written.push(entry));
    const entry: AuditEntry = {
      actor: { accountId: 1, via: { kind: 'token', tokenId: 1 }, address: '192.0.2.1' },
      teamId: 1,
      action: 'deleteVps',
      outcome: 'refused',
      errorCode: 'missing_scope',
    };
    const others: AuditEntry[] = [
      { ...entry, actor: { ...entry.actor, accountId: 2 } },
      { ...entry, actor: { ...entry.actor, via: { kind: 'token', tokenId: 2 } } },
      { ...entry, teamId: 2 },
      { ...entry, action: 'deleteSshKey' },
      { ...entry, errorCode: 'origin_mismatch' },
    ];
    for (const one of [
      entry,
      ...others,
      entry,
      { ...entry, actor: { ...entry.actor, address: '192.0.2.2' } },
    ])
      await refusals.note(one);
    assert.deepEqual(written, [entry, ...others]);
    await refusals.close();
    assert.deepEqual(
      written.slice(6).map(({ after: told }) => told?.repeated),
      [2],
    );
    // Then it begins anew.
    await refusals.note(entry);
    assert.equal(written.length, 8);
    await refusals.close();
    assert.equal(written.length, 8);
  });

  it('are bounded, however many kinds there are', async () => {
    let written = 0;
    const refusals = new Refusals(async () => {
      written += 1;
    });
    for (let kind = 0; kind < 12_000; kind++) {
      await refusals.note({
        actor: { accountId: 1, via: null, address: null },
        teamId: kind,
        action: 'deleteVps',
        errorCode: 'missing_scope',
      });
    }
    assert.equal(written, 10_001);
    await refusals.close();
    assert.equal(written, 10_002);
  });
});
