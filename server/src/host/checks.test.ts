import assert from 'node:assert/strict';
import { it } from 'node:test';
import { testConfig } from '../../test/harness.ts';
import { startMailSink } from '../../test/mail-sink.ts';
import { checkAll } from './checks.ts';

/** What `doctor` says of e-mail, if anything. */
async function verdictOnMail(environment: Record<string, string>) {
  const config = testConfig(environment);
  const findings = await checkAll({ config, installId: 'abc123', incus: 'none', log: () => {} }, []);
  return findings.find(({ component }) => component === 'e-mail');
}

it('doctor tries the mail server, and says what is wrong with it', async () => {
  assert.equal(await verdictOnMail({}), undefined);
  const sink = await startMailSink();
  try {
    assert.equal((await verdictOnMail(sink.settings))?.state, 'ok');
  } finally {
    await sink.close();
  }
  const refused = await verdictOnMail(sink.settings);
  assert.equal(refused?.state, 'fail');
  assert.match(refused.remedy ?? '', /SMTP_URL/);
});
