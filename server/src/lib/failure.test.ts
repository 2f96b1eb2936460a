import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DataPlaneError } from '../dataplane/contract/errors.ts';
import { AppError } from './errors.ts';
import { databaseOutage, logFailure } from './failure.ts';

const coded = (code: string, message = 'said') => Object.assign(new Error(message), { code });

/** The level that a failure is logged at, and its fields. */
function logged(error: unknown): [level: string, fields: object] {
  const lines: [string, object][] = [];
  const at = (level: string) => (fields: object) => void lines.push([level, fields]);
  logFailure({ warn: at('warn'), error: at('error') } as never, error, 'failed', { team: 1 });
  assert.equal(lines.length, 1);
  return lines[0]!;
}

describe('a failure', () => {
  it('of the database is known by its code, or by what the driver says', () => {
    for (const code of ['53100', '53200', '53300']) assert.equal(databaseOutage(coded(code)), 'full');
    for (const code of ['57P01', '08006', 'ECONNREFUSED', 'EAI_AGAIN'])
      assert.equal(databaseOutage(coded(code)), 'away');
    assert.equal(databaseOutage(new Error('Connection terminated unexpectedly')), 'away');
    for (const other of [coded('23505'), coded('ENOENT'), null, undefined, 'text', {}])
      assert.equal(databaseOutage(other), null);
  });

  it('of a part that is away is a warning with the reason, and no stack', () => {
    const cause = new Error('connect ECONNREFUSED');
    const away = new DataPlaneError('unreachable', 'The host does not answer.', { cause });
    assert.deepEqual(logged(away), [
      'warn',
      { team: 1, reason: 'The host does not answer.: connect ECONNREFUSED' },
    ]);
    assert.deepEqual(logged(coded('57P03')), ['warn', { team: 1, reason: 'said' }]);
    assert.equal(logged(new AppError('unavailable', 'Not now.'))[0], 'warn');
  });

  it('of a database without room is an error, and no fault of ours', () => {
    assert.deepEqual(logged(coded('53100')), ['error', { team: 1, reason: 'said' }]);
    const answered = new AppError('unavailable', 'Not now.', { cause: coded('53100') });
    assert.equal(logged(answered)[0], 'error');
  });

  it('of another kind is an error with its stack', () => {
    for (const fault of [new TypeError('x'), new DataPlaneError('invalid', 'No.'), coded('42P01'), 'text']) {
      assert.deepEqual(logged(fault), ['error', { team: 1, err: fault }]);
    }
  });
});
