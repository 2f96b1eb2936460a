import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { DataPlaneError } from '../src/dataplane/contract/errors.ts';
import { ensureDashboard } from '../src/host/dashboard.ts';
import { CHROMIUM, openBrowser, signedIn } from './browser.ts';
import { type Call, clientOf, newVps } from './client.ts';
import { createTeam, makeOperator, startTestApp, type TestApp, type TestTeam, waitFor } from './harness.ts';
import { ended } from './operation-subject.ts';
import { createPerson, PASSWORD } from './people.ts';

/** How long the browser may take for a step, in milliseconds: generous, for a loaded machine. */
const PATIENCE = 60_000;

describe('teams in a browser', { skip: !existsSync(CHROMIUM) && 'chromium is not installed' }, () => {
  let test: TestApp;
  let browser: Browser;
  before(async () => {
    test = await startTestApp({ dashboard: await ensureDashboard() });
    browser = await openBrowser();
  });
  after(async () => {
    await browser?.close();
    await test?.close();
  });

  async function open(team: TestTeam | null): Promise<Page> {
    const context = team
      ? await signedIn(browser, test, team)
      : await browser.newContext({ baseURL: test.app.url! });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    return page;
  }

  it('makes a token by checkbox, which does what it says, and revokes it', async () => {
    const team = await createTeam(test.database);
    const page = await open(team);
    await page.goto('/tokens');
    await page.getByRole('button', { name: 'New token' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('of a test');
    await dialog.getByRole('radio', { name: /One by one/ }).check();
    await dialog.getByRole('checkbox', { name: 'ssh-key:read' }).check();
    await dialog.getByRole('button', { name: 'Make the token' }).click();
    const token = await page.getByRole('region', { name: 'Token' }).textContent();
    await page.getByRole('region', { name: 'Try it' }).getByText(token!.trim()).waitFor();
    const call: Call = clientOf(test.app.url!, token!.trim());
    assert.equal((await call('GET', '/ssh-keys')).status, 200);
    assert.equal((await call('GET', '/vps')).status, 403);
    await page.getByRole('button', { name: 'I have kept it' }).click();
    await page.getByRole('button', { name: 'Details of of a test' }).click();
    await dialog.getByLabel('Path').fill('/vps');
    await dialog.getByRole('button', { name: 'Ask' }).click();
    await dialog.getByText(/lacks the scope "vps:read"/).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Revoke: of a test' }).click();
    await dialog.getByRole('button', { name: 'Revoke' }).click();
    await waitFor('its end', async () => (await call('GET', '/ssh-keys')).status === 401);
    await page.context().close();
  });

  it('asks for the password before a token is made, where it was given long ago', async () => {
    const person = await createPerson(test.database);
    const page = await open({ ...person, teamId: 0, token: '' });
    await test.database.pool.query(
      `update sessions set proved_at = now() - interval '1 hour' where user_id = $1`,
      [person.accountId],
    );
    await page.goto('/tokens');
    await page.getByRole('button', { name: 'New token' }).first().click();
    await page.getByRole('dialog').getByLabel('Name').fill('late');
    await page.getByRole('button', { name: 'Make the token' }).click();
    await page.getByLabel('Your password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Confirm', exact: true }).click();
    await page.getByRole('region', { name: 'Token' }).waitFor();
    await page.context().close();
  });

  it('invites by a link, with which somebody opens an account and is a member', async () => {
    const team = await createTeam(test.database);
    const page = await open(team);
    await page.goto('/team');
    await page.getByRole('button', { name: 'Invite' }).click();
    await page.getByRole('radio', { name: /^Viewer/ }).check();
    await page.getByRole('button', { name: 'Make a link' }).click();
    const url = (await page.getByRole('region', { name: 'The invitation' }).textContent())!.trim();
    const stranger = await open(null);
    await stranger.goto(new URL(url).pathname + new URL(url).hash);
    await stranger.getByRole('heading', { name: /^Join Team/ }).waitFor();
    await stranger.getByRole('button', { name: 'Open an account' }).click();
    await stranger.getByLabel('Name').fill('Grace');
    await stranger.getByLabel('E-mail').fill('grace@example.org');
    await stranger.getByLabel('Password').fill(PASSWORD);
    await stranger.getByRole('button', { name: 'Open the account' }).click();
    await stranger.getByText(/ask its operator for a link/).waitFor();
    await page.goto('/team');
    await page.getByText('grace@example.org').waitFor();
    assert.equal(await page.getByLabel('Role of Grace').inputValue(), 'viewer');
    await page.getByRole('button', { name: 'Remove: Grace' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await page.getByText('grace@example.org').waitFor({ state: 'detached' });
    for (const opened of [page, stranger]) await opened.context().close();
  });

  it('accepts an invitation after signing in, and goes on in that team', async () => {
    const team = await createTeam(test.database);
    const call: Call = clientOf(test.app.url!, team.token);
    const { url } = (await call('POST', '/team/invitations', { role: 'editor' })).body;
    const person = await createPerson(test.database);
    const page = await open(null);
    await page.goto(new URL(url).pathname + new URL(url).hash);
    await page.getByRole('button', { name: 'I have an account: sign in' }).click();
    await page.getByLabel('E-mail').fill(person.email);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('button', { name: 'Accept the invitation' }).click();
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Team' }).click();
    await page.getByText('You are an editor.').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Invite' }).count(), 0);
    // Who is removed goes on in the own team.
    assert.equal((await call('DELETE', `/team/members/${person.accountId}`)).status, 200);
    const headers = { 'x-team-id': String(team.teamId) };
    await waitFor('the end of the membership', async () => {
      return (await page.request.get('/api/v1/team', { headers })).status() === 403;
    });
    await page.goto('/team');
    await page.getByText('You are an owner.').waitFor();
    // The link works once.
    const late = await open(null);
    await late.goto(new URL(url).pathname + new URL(url).hash);
    await late.getByRole('heading', { name: 'This invitation cannot be used' }).waitFor();
    for (const opened of [page, late]) await opened.context().close();
  });

  it('goes to no other site after signing in, whatever the link says', async () => {
    const person = await createPerson(test.database);
    for (const next of ['//evil.example', 'https://evil.example', '/\\evil.example', 'javascript:alert(1)']) {
      const page = await open(null);
      await page.goto(`/sign-in?next=${encodeURIComponent(next)}`);
      await page.getByLabel('E-mail').fill(person.email);
      await page.getByLabel('Password').fill(PASSWORD);
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await page.getByRole('heading', { name: 'Overview' }).waitFor();
      assert.equal(new URL(page.url()).href, `${test.app.url}/`, next);
      await page.context().close();
    }
  });

  it('makes a team and deletes it again', async () => {
    const page = await open(await createTeam(test.database));
    await page.goto('/');
    await page.getByRole('button', { name: /Switch team/ }).click();
    await page.getByRole('menuitem', { name: 'New team' }).click();
    await page.getByLabel('Name of the team').fill('Shop');
    await page.getByRole('button', { name: 'Make the team' }).click();
    await page.getByRole('button', { name: /Switch team: Shop/ }).waitFor();
    await page.goto('/team');
    await page.getByRole('button', { name: 'Delete the team' }).click();
    await page.getByRole('dialog').getByRole('textbox').fill('Shop');
    await page.getByRole('dialog').getByRole('button', { name: 'Delete the team' }).click();
    await page.getByRole('button', { name: /Switch team: Team/ }).waitFor();
    await page.context().close();
  });

  it('shows the pages of operators to them alone, and what they announce to everybody', async () => {
    const operator = await createTeam(test.database);
    await makeOperator(test.database, operator);
    const page = await open(operator);
    const customer = await open(await createTeam(test.database));
    await customer.goto('/operator/plans');
    await customer.getByText('These pages are for operators of the install.').waitFor();
    assert.equal(await customer.getByRole('link', { name: 'Plans and prices' }).count(), 0);
    await page.goto('/operator');
    await page.getByText('All parts answer.').waitFor();
    await page.getByRole('link', { name: 'Plans and prices' }).click();
    await page.getByRole('button', { name: 'Change vps pico_shared' }).click();
    await page.getByLabel('Price a month, in EUR').fill('3.21');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('row', { name: /pico_shared vps.*€3.21/ }).waitFor();
    await page.getByRole('link', { name: 'Announcements' }).click();
    await page.getByRole('button', { name: 'Announce' }).first().click();
    const text = 'Maintenance <b>tonight</b>.';
    await page.getByRole('dialog').getByLabel('Text').fill(text);
    await page.getByRole('dialog').getByRole('button', { name: 'Announce' }).click();
    await customer.goto('/vps');
    await customer.getByText(text).waitFor();
    await customer.getByRole('button', { name: 'Do not show this again' }).click();
    await customer.reload();
    await customer.getByRole('heading', { name: 'VPS' }).waitFor();
    assert.equal(await customer.getByText(text).count(), 0);
    for (const opened of [page, customer]) await opened.context().close();
  });

  it('lets operators find an account by a part of its address, disable and enable it', async () => {
    const operator = await createPerson(test.database);
    await makeOperator(test.database, operator);
    const person = await createPerson(test.database);
    const number = person.email.split('@')[0]!.split('-')[1];
    const page = await open({ ...operator, teamId: 0, token: '' });
    await test.database.pool.query(
      `update sessions set proved_at = now() - interval '1 hour' where user_id = $1`,
      [operator.accountId],
    );
    await page.goto('/operator/accounts');
    await page.getByRole('searchbox').fill(person.email.slice(2).toUpperCase());
    await page.getByRole('searchbox').press('Enter');
    await page.getByRole('button', { name: `Disable: Person ${number}`, exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Disable', exact: true }).click();
    await page.getByLabel('Your password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Confirm', exact: true }).click();
    await page.getByRole('row', { name: /disabled/ }).waitFor();
    await page.getByRole('combobox', { name: 'Status' }).selectOption('disabled');
    await page.getByRole('button', { name: `Enable: Person ${number}`, exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Enable', exact: true }).click();
    await page.getByText('No account is found.').waitFor();
    const { rows } = await test.database.pool.query('select disabled_at from users where id = $1', [
      person.accountId,
    ]);
    assert.equal(rows[0].disabled_at, null);
    await page.context().close();
  });

  it('lets operators hand a team over whose owner is disabled', async () => {
    const operator = await createTeam(test.database);
    await makeOperator(test.database, operator);
    const team = await createTeam(test.database);
    const heir = await createPerson(test.database);
    await test.database.pool.query('update users set disabled_at = now() where id = $1', [team.accountId]);
    const page = await open(operator);
    await page.goto(`/operator/teams?q=${team.teamId}`);
    const row = page.getByRole('row', { name: /no owner/ });
    await row.getByRole('button', { name: /^Hand over: / }).click();
    await page.getByLabel('E-mail address of the new owner').fill(heir.email.toUpperCase());
    await page.getByRole('dialog').getByRole('button', { name: 'Hand over', exact: true }).click();
    await page.getByText(/^The team belongs to Person/).waitFor();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await row.waitFor({ state: 'detached' });
    const { rows } = await test.database.pool.query(
      `select user_id from team_members where team_id = $1 and role = 'owner'`,
      [team.teamId],
    );
    assert.deepEqual(rows, [{ user_id: heir.accountId }]);
    await page.context().close();
  });

  it('lets operators retry what has failed', async () => {
    const operator = await createTeam(test.database);
    await makeOperator(test.database, operator);
    const customer = await createTeam(test.database);
    const call: Call = clientOf(test.app.url!, customer.token);
    test.plane.faults.failNext('ensureInstance', new DataPlaneError('failed', 'It was not to be.'));
    const made = await call('POST', '/vps', newVps());
    assert.equal((await ended(call, made)).state, 'failed');
    const page = await open(operator);
    await page.goto('/operator/operations?status=failed');
    const row = page.getByRole('row', { name: new RegExp(made.body.instance.id) });
    await row.getByText('It was not to be.').waitFor();
    await row.getByRole('button', { name: /^Retry: / }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Retry', exact: true }).click();
    await waitFor('the server', async () => {
      const { body } = await call('GET', `/vps/${made.body.instance.id}`);
      return body.instance.status === 'running';
    });
    await page.context().close();
  });
});
