import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { clientOf, newDatabase, newVps } from './client.ts';
import { type Console, openConsole, withoutBrowser } from './dashboard-browser.ts';
import { createTeam, joinTeam, waitFor } from './harness.ts';
import { createPerson, PASSWORD } from './people.ts';

describe('settings and actions in a browser', { skip: withoutBrowser }, () => {
  let console: Console;
  before(async () => {
    console = await openConsole();
  });
  after(() => console?.close());

  it('deletes an account once its address was typed, and says why where a team needs it', async () => {
    const { test, open } = console;
    const person = await createPerson(test.database);
    const { page, context } = await open({ ...person, teamId: 0, token: '' });
    const needed = await context.request.post('/api/v1/ssh-keys', {
      headers: { origin: test.app.url! },
      data: { name: 'laptop', public_key: KEY },
    });
    assert.equal(needed.status(), 201, await needed.text());
    const { key } = await needed.json();
    await page.goto('/settings');
    const ask = page.getByRole('button', { name: 'Delete the account' }).first();
    await ask.click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox').fill(person.email);
    const confirm = dialog.getByRole('button', { name: 'Delete the account' });
    await confirm.click();
    await page.getByText(/which has resources: delete them first/).waitFor();
    const removed = await context.request.delete(`/api/v1/ssh-keys/${key.id}`, {
      headers: { origin: test.app.url! },
    });
    assert.equal(removed.status(), 200, await removed.text());
    await confirm.click();
    await page.waitForURL(/\/sign-in/);
    await page.getByLabel('E-mail').fill(person.email);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByText('The e-mail address or the password is wrong.').first().waitFor();
    await context.close();
  });

  it('saves the audit log of the team that is open, which need not be the own one', async () => {
    const { test, open } = console;
    const own = await createTeam(test.database);
    const other = await createTeam(test.database);
    await joinTeam(test.database, own.accountId, other.teamId);
    for (const { token } of [own, other])
      await clientOf(test.app.url!, token)('POST', '/ssh-keys', { name: 'laptop', public_key: KEY });
    const { page, context, problems } = await open(own);
    await page.addInitScript(`localStorage.setItem('danube-team', '${other.teamId}')`);
    await page.goto('/audit');
    await page.getByRole('button', { name: 'Create SSH key' }).first().waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save the whole log' }).click(),
    ]);
    const lines = (await readFile(await download.path(), 'utf8')).trim().split('\n');
    const entries = lines.map((line) => JSON.parse(line));
    assert.ok(entries.some(({ action }) => action === 'createSshKey'));
    assert.deepEqual([...new Set(entries.map(({ team_id }) => team_id))], [other.teamId]);
    assert.deepEqual(problems, []);
    await context.close();
  });

  it('sets parameters with what the engine says of them, by hand and by a group, and lets storage grow', async () => {
    const { test, open } = console;
    const team = await createTeam(test.database);
    const call = clientOf(test.app.url!, team.token);
    const { id } = (await call('POST', '/database', newDatabase())).body.instance;
    const show = async () => (await call('GET', `/database/${id}`)).body.instance;
    await waitFor('the database', async () => (await show()).status === 'running');
    const group = { name: 'reports', type: 'database', provider_type: 'postgresql', parameters: {} };
    const made = await call('POST', '/parameter-groups', group);
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const { page, context, problems } = await open(team);
    await page.goto(`/databases/${id}/settings`);
    const parameters = page.locator('section').filter({ hasText: 'Parameters of the engine' });
    await parameters.getByLabel('Add a parameter').fill('query workspaces');
    await parameters.getByText('Sets the maximum memory to be used for query workspaces.').waitFor();
    await parameters.getByRole('button', { name: 'Add work_mem' }).click();
    await parameters.getByLabel('Value of work_mem').fill('many');
    await parameters.getByLabel('Parameter group').selectOption({ label: 'reports' });
    const save = parameters.getByRole('button', { name: 'Save' });
    await save.click();
    await parameters.getByText(/The parameter work_mem must be/).waitFor();
    await parameters.getByLabel('Value of work_mem').fill('8MB');
    await save.click();
    await waitFor('the parameters', async () => (await show()).configuration.work_mem === '8MB');
    assert.equal((await show()).parameter_group.id, made.body.parameter_group.id);
    const storage = page.locator('section').filter({ hasText: 'Size in GB' });
    await storage.getByLabel('Grow by itself').check();
    await storage.getByLabel('When it is full by, in per cent').fill('70');
    await storage.getByRole('button', { name: 'Save' }).click();
    await waitFor(
      'the policy',
      async () => (await show()).storage_autoscale_policy?.threshold_percent === 70,
    );
    assert.deepEqual(problems, []);
    await context.close();
  });

  it('stops a server from the palette, after it has asked', async () => {
    const { test, open } = console;
    const team = await createTeam(test.database);
    const call = clientOf(test.app.url!, team.token);
    const { id } = (await call('POST', '/vps', newVps({ name: 'web-1' }))).body.instance;
    const show = async () => (await call('GET', `/vps/${id}`)).body.instance;
    await waitFor('the server', async () => (await show()).status === 'running');
    const { page, context, problems } = await open(team);
    await page.goto('/events');
    await page.getByRole('heading', { name: 'Events' }).waitFor();
    await page.keyboard.press('Control+k');
    // The page has a list to choose from as well, which is there before the palette.
    await page.getByRole('combobox', { name: 'Go to anything' }).fill('stop web');
    await page.getByRole('option', { name: /^Stop web-1/ }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').getByRole('button', { name: 'Stop' }).click();
    await waitFor('the stop', async () => (await show()).status === 'stopped');
    assert.deepEqual(problems, []);
    await context.close();
  });
});

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKSUTyz1HwHReFVvD5obVsALAgJRNarH4TRpNePnAS';
