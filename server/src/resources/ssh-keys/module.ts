import type { ResourceModule } from '../../module.ts';
import { sshKeyEvents } from './events.ts';
import { sshKeyRoutes } from './routes.ts';

export const sshKeysModule: ResourceModule = {
  name: 'ssh-keys',
  tags: [{ name: 'SSH keys', description: 'Public keys for logging in to VPS.' }],
  scopes: ['ssh-key'],
  audit: () => ({ sshKey: { type: 'ssh-key', tables: ['ssh_keys'], id: 'number' } }),
  events: sshKeyEvents,
  search: [
    {
      type: 'ssh-key',
      noun: 'SSH key',
      table: 'ssh_keys',
      id: { column: 'id', form: 'number' },
      name: 'name',
      status: null,
    },
  ],
  quotas: { ssh_key: { limit: 25, label: 'SSH key' } },
  create: ({ database }) => ({ routes: (api) => sshKeyRoutes(api, database) }),
};
