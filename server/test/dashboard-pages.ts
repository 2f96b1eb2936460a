import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { clientOf, newCache, newDatabase, newVps, takeSnapshot } from './client.ts';
import { issueToken, joinTeam, makeOperator, type TestApp, waitFor } from './harness.ts';
import { succeeded, uploadObject } from './object-storage.ts';
import { createPerson } from './people.ts';

/** Ids of what {@link fillTeam} has created. */
export interface Filled {
  vps: string;
  database: string;
  cache: string;
  firewall: string;
  alert: string;
  bucket: string;
  /** The code of an invitation. */
  invitation: string;
}

interface DashboardPage {
  name: string;
  url: (filled: Filled) => string;
  /** What is done on the page before it is looked at. */
  prepare?: (page: Page) => Promise<unknown>;
}

const fixed = (name: string, url: string, prepare?: DashboardPage['prepare']): DashboardPage => ({
  name,
  url: () => url,
  ...(prepare ? { prepare } : {}),
});

/** Opens the dialog behind a button. */
const opens = (button: string | RegExp) => async (page: Page) => {
  await page.getByRole('button', { name: button, exact: true }).click();
  await page.getByRole('dialog').waitFor();
};

/** Shows the request of a form as code. */
const showsCode = async (page: Page) => {
  await page.getByRole('button', { name: 'As code' }).click();
  await page.getByRole('region', { name: 'curl' }).waitFor();
};

const TABS = ['', 'connect', 'metrics', 'snapshots', 'firewall', 'events', 'logs', 'diagnosis', 'settings'];

const tabsOf = (name: string, path: string, idOf: (filled: Filled) => string): DashboardPage[] =>
  TABS.map((tab) => ({
    name: `${name}-${tab || 'overview'}`,
    url: (filled) => `${path}/${idOf(filled)}${tab && `/${tab}`}`,
  }));

/** Every page of the dashboard, and what opens on them. */
export const PAGES: readonly DashboardPage[] = [
  fixed('overview', '/'),
  fixed('vps', '/vps'),
  fixed('vps-selected', '/vps', (page) => page.getByRole('checkbox', { name: 'Select all' }).check()),
  fixed('vps-nothing-fits', '/vps?q=nothing'),
  fixed('vps-new', '/vps/new'),
  fixed('vps-new-code', '/vps/new', showsCode),
  ...tabsOf('server', '/vps', ({ vps }) => vps),
  {
    name: 'server-console',
    url: ({ vps }) => `/vps/${vps}/console`,
    prepare: (page) => page.getByText('Connected').waitFor(),
  },
  fixed('databases', '/databases'),
  fixed('databases-new', '/databases/new'),
  ...tabsOf('database', '/databases', ({ database }) => database),
  {
    name: 'database-connection-tested',
    url: ({ database }) => `/databases/${database}/connect`,
    prepare: async (page) => {
      await page.getByRole('button', { name: 'Test connection' }).click();
      await page.getByText('Not tried').first().waitFor();
    },
  },
  fixed('caches', '/caches'),
  fixed('caches-new', '/caches/new'),
  ...tabsOf('cache', '/caches', ({ cache }) => cache),
  fixed('object-storage', '/object-storage'),
  fixed('bucket-new', '/object-storage', async (page) => {
    await opens('Create bucket')(page);
    await showsCode(page);
  }),
  ...['', 'objects', 'connect', 'metrics', 'diagnosis', 'settings'].map((tab) => ({
    name: `bucket-${tab || 'overview'}`,
    url: ({ bucket }: Filled) => `/object-storage/${bucket}${tab && `/${tab}`}`,
  })),
  fixed('snapshots', '/snapshots'),
  fixed('firewalls', '/firewalls'),
  { name: 'firewall', url: ({ firewall }) => `/firewalls/${firewall}` },
  {
    name: 'firewall-rule',
    url: ({ firewall }) => `/firewalls/${firewall}`,
    prepare: async (page) => {
      await opens('Add a rule')(page);
      await page.getByText('And these instances of the team').waitFor();
    },
  },
  fixed('ssh-keys', '/ssh-keys'),
  fixed('ssh-keys-dialog', '/ssh-keys', async (page) => {
    await page.getByRole('button', { name: 'Add a key' }).click();
    await page.getByRole('dialog').waitFor();
  }),
  fixed('parameter-groups', '/parameter-groups'),
  fixed('parameter-group-new', '/parameter-groups', async (page) => {
    await opens('Create group')(page);
    await page.getByLabel('Add a parameter').fill('mem');
    await page.getByRole('button', { name: 'Add work_mem' }).click();
    await page.getByLabel('Add a parameter').fill('a');
  }),
  fixed('webhooks', '/webhooks'),
  fixed('events', '/events'),
  fixed('operations', '/operations'),
  fixed('notifications', '/notifications'),
  fixed('notification-preferences', '/notifications/preferences'),
  fixed('alerts', '/alerts'),
  fixed('alert-new', '/alerts', async (page) => {
    await page.getByRole('button', { name: 'Create alert' }).click();
    await page.getByRole('dialog').waitFor();
  }),
  { name: 'alert', url: ({ alert }) => `/alerts/${alert}` },
  fixed('audit', '/audit'),
  fixed('team', '/team'),
  fixed('team-invite', '/team', opens('Invite')),
  fixed('team-new', '/team/new'),
  fixed('tokens', '/tokens'),
  fixed('tokens-new', '/tokens', async (page) => {
    await opens('New token')(page);
    await page.getByRole('radio', { name: /One by one/ }).check();
    await page.getByRole('checkbox', { name: 'vps:read' }).check();
  }),
  fixed('tokens-details', '/tokens', opens(/^Details of backup/)),
  fixed('costs', '/costs'),
  fixed('operator', '/operator'),
  fixed('operator-accounts', '/operator/accounts'),
  fixed('operator-teams', '/operator/teams'),
  fixed('operator-plans', '/operator/plans'),
  fixed('operator-costs', '/operator/costs'),
  fixed('operator-images', '/operator/images'),
  fixed('operator-operations', '/operator/operations'),
  fixed('operator-announcements', '/operator/announcements'),
  fixed('operator-announce', '/operator/announcements', opens('Announce')),
  fixed('operator-audit', '/operator/audit'),
  { name: 'invitation', url: ({ invitation }) => `/invitation#${invitation}` },
  fixed('invitation-refused', '/invitation#none', (page) =>
    page.getByRole('heading', { name: 'This invitation cannot be used' }).waitFor(),
  ),
  fixed('settings', '/settings'),
  fixed('sign-in', '/sign-in'),
  fixed('set-password', '/account/password#x'),
  fixed('reset', '/account/reset'),
  fixed('register', '/account/register'),
  fixed('confirm-email', '/account/email#x'),
  fixed('sign-in-by-provider', '/sign-in/provider?error=access_denied'),
  fixed('missing', '/vps/nothing'),
  fixed('docs', '/docs'),
  fixed('docs-guide', '/docs/guides/authentication'),
  fixed('docs-search', '/docs?q=firewall'),
  fixed('palette', '/', async (page) => {
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').waitFor();
  }),
  fixed('menu', '/vps', async (page) => {
    await page
      .getByRole('button', { name: /More actions/ })
      .first()
      .click();
    await page.getByRole('menu').waitFor();
  }),
];

/** Creates some of everything for the team of the server, in several states, with names of all lengths. */
export async function fillTeam(test: TestApp): Promise<Filled> {
  const call = clientOf(test.app.url!, test.team.token);
  const create = async (path: string, body: object): Promise<string> => {
    const answer = await call('POST', path, body);
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    const { id } = answer.body.instance;
    await waitFor(
      `${path} to run`,
      async () => (await call('GET', `${path}/${id}`)).body.instance.status === 'running',
    );
    return id;
  };
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKSUTyz1HwHReFVvD5obVsALAgJRNarH4TRpNePnAS';
  await call('POST', '/ssh-keys', { name: 'ada@laptop', public_key: `${key} ada@laptop`, is_default: true });
  const [vps, stopped, , database, cache] = await Promise.all([
    create('/vps', newVps({ name: 'web-1' })),
    create('/vps', newVps({ name: 'worker-2', resource_profile: 'small_shared' })),
    create('/vps', newVps({ name: `a-server-with-a-${'very-'.repeat(12)}long-name` })),
    create('/database', newDatabase()),
    create('/cache', newCache()),
  ]);
  await call('POST', `/vps/${stopped}/stop`);
  await takeSnapshot(call, 'vps', vps, 'Before the upgrade');
  await takeSnapshot(call, 'database', database, 'Before the migration');
  const made = await call('POST', '/firewalls', {
    name: 'Web servers',
    description: 'What everybody may reach, and what only the office may.',
    rules: [
      { direction: 'inbound', protocol: 'tcp', port: 443, name: 'HTTPS', action: 'allow' },
      {
        direction: 'inbound',
        protocol: 'tcp',
        port: 22,
        name: 'SSH from the office',
        action: 'allow',
        source_ips: ['203.0.113.0/24'],
      },
      {
        direction: 'inbound',
        protocol: 'udp',
        port_range_start: 60000,
        port_range_end: 61000,
        action: 'deny',
      },
    ],
  });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const bucket = await call('POST', '/storage/buckets', {
    name: 'photos',
    display_name: 'Photos of the shop',
  });
  assert.equal(bucket.status, 201, JSON.stringify(bucket.body));
  await succeeded(call, bucket);
  for (const key of ['summer/beach.jpg', 'price-list.pdf', `${'a-long-name-'.repeat(8)}.txt`])
    await uploadObject(
      { url: test.app.url!, token: test.team.token },
      bucket.body.bucket.id,
      { key },
      'content',
    );
  await call('POST', '/storage/access-keys', { name: 'Uploads of the shop', scope: 'team' });
  const alert = await call('POST', '/metric-alerts', {
    resource_type: 'vps',
    resource_id: vps,
    metric_type: 'cpu_usage',
    comparison_operator: 'gt',
    threshold_value: 80,
    duration_minutes: 5,
    name: 'Busy web server',
    description: 'Add another server behind the balancer.',
  });
  assert.equal(alert.status, 201, JSON.stringify(alert.body));
  await waitFor(
    'the stop',
    async () => (await call('GET', `/vps/${stopped}`)).body.instance.status === 'stopped',
  );
  return {
    vps,
    database,
    cache,
    firewall: made.body.firewall.id,
    alert: alert.body.alert.id,
    bucket: bucket.body.bucket.id,
    invitation: await fillPeople(test),
  };
}

/** Gives the team members, invitations and tokens, and the install an announcement. Returns the code of an invitation. */
async function fillPeople(test: TestApp): Promise<string> {
  await makeOperator(test.database, test.team);
  const { accountId } = await createPerson(test.database);
  await joinTeam(test.database, accountId, test.team.teamId, 'editor');
  // A new token, because the account's rights are kept for a second.
  const call = clientOf(test.app.url!, await issueToken(test.database.db, test.team));
  const made = await Promise.all([
    call('POST', '/team/invitations', { role: 'viewer' }),
    call('POST', '/team/invitations', { role: 'admin', expires_in_days: 1 }),
    call('POST', '/user/tokens', { name: 'backup', scope_set: 'read', expires_at: '2099-01-15T09:30:00Z' }),
    call('POST', '/user/tokens', { name: 'deploys of the shop', scope_set: 'editor' }),
    call('POST', '/operator/announcements', {
      severity: 'warning',
      text: 'Maintenance on Sunday from 06:00 to 07:00 UTC. Instances keep running.',
      starts_at: '2099-01-15T09:30:00Z',
    }),
  ]);
  for (const { status, body } of made) assert.equal(status, 201, JSON.stringify(body));
  return made[0]!.body.code;
}
