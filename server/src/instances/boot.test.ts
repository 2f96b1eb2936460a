import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DataPlaneError } from '../dataplane/contract/errors.ts';
import { untilItAnswers } from './boot.ts';

const REF = { teamId: 1, name: 'vps-1' };
const hasStopped = () => Promise.reject(new DataPlaneError('stopped', 'It does not run.'));

describe('waiting for a started instance', () => {
  it('never ends while it still starts the instance, even when it is superseded', async () => {
    const started = Promise.withResolvers<void>();
    const superseded = Promise.withResolvers<void>();
    const happened: string[] = [];
    const ensureRunning = () => {
      superseded.resolve();
      return started.promise.then(() => void happened.push('started'));
    };
    const waiting = untilItAnswers({ ensureRunning }, REF, hasStopped, superseded.promise).then(
      () => void happened.push('given up'),
    );
    await superseded.promise;
    setImmediate(started.resolve);
    await waiting;
    assert.deepEqual(happened, ['started', 'given up']);
  });
});
