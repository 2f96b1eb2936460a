import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { PROVIDER_PAGE } from '../src/identity/accounts/provider.ts';
import { type Console, openConsole, withoutBrowser } from './dashboard-browser.ts';
import { createTeam, freePort, waitFor } from './harness.ts';
import { type MailSink, startMailSink } from './mail-sink.ts';
import { type Known, startProvider, type TestProvider } from './oidc.ts';
import { createPerson, secretIn } from './people.ts';

describe('an account in a browser, where there are mail and a provider', { skip: withoutBrowser }, () => {
  const people = new Map<string, Known>();
  let console: Console;
  let sink: MailSink;
  let provider: TestProvider;
  before(async () => {
    const listen = `127.0.0.1:${await freePort()}`;
    sink = await startMailSink();
    provider = await startProvider(`http://${listen}${PROVIDER_PAGE}`, people);
    console = await openConsole({
      settings: {
        ...sink.settings,
        ...provider.settings,
        DANUBE_LISTEN: listen,
        DANUBE_PUBLIC_URL: `http://${listen}`,
      },
    });
  });
  after(async () => {
    await console?.close();
    await provider?.close();
    await sink?.close();
  });

  it('gets another e-mail address by the link that is sent there', async () => {
    const { test, open } = console;
    const team = await createTeam(test.database);
    const { page, problems, context } = await open(team);
    await page.goto('/settings');
    await page.getByLabel('New address').fill('not an address');
    await page.getByRole('button', { name: 'Change the address' }).click();
    await page.locator('input[aria-invalid="true"]').waitFor();
    await page.getByLabel('New address').fill('new@example.org');
    await page.getByRole('button', { name: 'Change the address' }).click();
    const mail = await waitFor('the mail', async () =>
      sink.received.find(({ to }) => to.includes('new@example.org')),
    );
    const address = async (): Promise<string> =>
      (await test.database.pool.query('select email from users where id = $1', [team.accountId])).rows[0]
        .email;
    assert.notEqual(await address(), 'new@example.org');
    await page.goto(`/account/email#${secretIn(mail)}`);
    await page.getByRole('heading', { name: 'Your address is confirmed' }).waitFor();
    assert.equal(await address(), 'new@example.org');
    assert.deepEqual(problems, []);
    await context.close();
  });

  it('is signed in to by an account elsewhere, from when it is added until it is removed', async () => {
    const { test, open } = console;
    const person = await createPerson(test.database);
    people.set('ada', { email: 'ada@sso.example', email_verified: true, name: 'Ada' });
    const { page, problems, context } = await open({ ...person, teamId: 0, token: '' });
    await page.goto('/settings');
    await page.getByText('None yet.').waitFor();
    await page.getByRole('button', { name: 'Add Example SSO' }).click();
    await signInElsewhere(page, 'ada');
    await page.getByRole('navigation', { name: 'Main' }).waitFor();
    await context.clearCookies({ name: 'danube_session' });
    await page.goto('/sign-in');
    await page.getByRole('button', { name: 'Continue with Example SSO' }).click();
    // Its own session is still open.
    await page.getByRole('navigation', { name: 'Main' }).waitFor();
    const { rows } = await test.database.pool.query(
      'select user_id, method from sessions order by created_at desc limit 1',
    );
    assert.deepEqual(rows, [{ user_id: person.accountId, method: 'provider' }]);
    await page.goto('/settings');
    await page.getByRole('button', { name: 'Remove: ada@sso.example' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await page.getByText('None yet.').waitFor();
    assert.deepEqual(problems, []);
    await context.close();
  });
});

/** Fills in the forms of the provider. */
async function signInElsewhere(page: Page, subject: string): Promise<void> {
  const form = (prompt: string) => page.locator(`form:has(input[name="prompt"][value="${prompt}"])`);
  await form('login').locator('[name="login"]').fill(subject);
  await form('login').locator('[name="password"]').fill('any');
  await form('login').getByRole('button').click();
  await form('consent').getByRole('button').click();
}
