import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Call, clientOf } from '../../test/client.ts';
import { customerOf, NEW } from '../../test/customer.ts';
import { startTestApp, type TestApp } from '../../test/harness.ts';
import { SETTING_NAMES } from './settings.ts';

describe('the settings that all instances have', () => {
  let test: TestApp;
  let call: Call;
  before(async () => {
    test = await startTestApp();
    call = clientOf(test.app.url!, test.team.token);
  });
  after(() => test?.close());

  for (const kind of Object.keys(NEW) as (keyof typeof NEW)[]) {
    it(`are changed and shown, each by itself, for a ${kind}`, async () => {
      const id = await customerOf(call).running(kind);
      const settings = async () => {
        const { instance } = (await call('GET', `/${kind}/${id}`)).body;
        return Object.fromEntries(SETTING_NAMES.map((name) => [name, instance[name]]));
      };
      for (const name of SETTING_NAMES) {
        const old = await settings();
        const answer = await call('PUT', `/${kind}/${id}`, { [name]: !old[name] });
        assert.equal(answer.status, 200, JSON.stringify(answer.body));
        assert.equal(answer.body.operation_id, null);
        assert.deepEqual(await settings(), { ...old, [name]: !old[name] });
      }
    });
  }
});
