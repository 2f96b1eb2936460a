import type { Database, Queryable } from '../../db/database.ts';
import type { Api } from '../../http/api.ts';
import { mutate } from '../../http/mutation.ts';
import { PageOf } from '../../http/pagination.ts';
import { Obj, PathId, parseNumberId } from '../../http/schema.ts';
import { CreateSshKey, SshKey, SshKeyAnswer, SshKeyCreated, SshKeyDeleted, SshKeyQuery } from './schema.ts';
import { createSshKey, deleteSshKey, getSshKey, listSshKeys, warnOfName } from './service.ts';

const tags = ['SSH keys'];
const params = Obj({ sshKey: PathId('integer', 'Id of the SSH key.') });

/** Routes for the SSH keys of a team. */
export function sshKeyRoutes(api: Api, database: Database): void {
  collectionRoutes(api, database.db);
  memberRoutes(api, database.db);
}

function collectionRoutes(api: Api, db: Queryable): void {
  api.get(
    '/ssh-keys',
    {
      schema: {
        operationId: 'listSshKeys',
        summary: 'List SSH keys',
        description: 'Lists the team’s SSH keys, newest first, or those that the parameters name.',
        tags,
        querystring: SshKeyQuery,
        response: { 200: PageOf(SshKey) },
      },
      config: { scope: 'ssh-key:read' },
    },
    (request) => listSshKeys(db, request.principal, request.query),
  );
  api.post(
    '/ssh-keys',
    {
      schema: {
        operationId: 'createSshKey',
        summary: 'Add an SSH key',
        description: 'Adds a public key for new VPS. A team can have each key only once.',
        tags,
        body: CreateSshKey,
        response: { 201: SshKeyCreated },
      },
      config: { scope: 'ssh-key:write' },
    },
    (request) =>
      mutate(request, async (tx) => {
        const key = await createSshKey(tx, request.principal, request.body);
        return { message: 'SSH key added.', key, warnings: await warnOfName(tx, key) };
      }),
  );
}

function memberRoutes(api: Api, db: Queryable): void {
  api.get(
    '/ssh-keys/:sshKey',
    {
      schema: {
        operationId: 'getSshKey',
        summary: 'Show an SSH key',
        description: 'Shows one of the team’s SSH keys.',
        tags,
        params,
        response: { 200: SshKeyAnswer },
      },
      config: { scope: 'ssh-key:read' },
    },
    async (request) => ({
      key: await getSshKey(db, request.principal, parseNumberId(request.params.sshKey)),
    }),
  );
  api.delete(
    '/ssh-keys/:sshKey',
    {
      schema: {
        operationId: 'deleteSshKey',
        summary: 'Delete an SSH key',
        description: 'Deletes the key. It stays on instances that were created with it.',
        tags,
        params,
        response: { 200: SshKeyDeleted },
      },
      config: { scope: 'ssh-key:delete' },
    },
    (request) =>
      mutate(request, async (tx) => {
        await deleteSshKey(tx, request.principal, parseNumberId(request.params.sshKey));
        return { message: 'SSH key deleted.' };
      }),
  );
}
