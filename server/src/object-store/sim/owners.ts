import { DataPlaneError } from '../../dataplane/contract/errors.ts';
import type { KeyRef, StoreKeys, StoreTeams } from '../contract.ts';
import type { StoreCore } from './core.ts';
import { hashOf, type SimKey } from './world.ts';

/** The simulated store's teams and keys. */
export const simOwners = (core: StoreCore): StoreTeams & StoreKeys => ({
  ensureTeam: (team) => core.verb('ensureTeam', team, () => core.change({ op: 'team', team })),
  describeTeam: (teamId) => core.verb('describeTeam', teamId, () => core.world.teams.get(teamId) ?? null),
  removeTeam: (teamId) =>
    core.verb('removeTeam', teamId, () => {
      if ([...core.world.buckets.values()].some(({ ref }) => ref.teamId === teamId)) {
        throw new DataPlaneError('invalid', `Team ${teamId} still has buckets.`);
      }
      if (core.world.teams.has(teamId)) core.change({ op: 'unteam', teamId });
    }),
  ensureKey: (key, secretAccessKey) =>
    core.verb('ensureKey', key, () => {
      core.needTeam(key.ref.teamId);
      core.change({ op: 'key', key: { ...key, secretHash: hashOf(secretAccessKey) } });
    }),
  removeKey: (ref) =>
    core.verb('removeKey', ref, () => {
      if (find(core, ref)) core.change({ op: 'unkey', accessKeyId: ref.accessKeyId });
    }),
  describeKey: (ref) =>
    core.verb('describeKey', ref, () => {
      const key = find(core, ref);
      return key ? { ref: key.ref, scope: key.scope, expiresAt: key.expiresAt } : null;
    }),
  listKeys: () => core.verb('listKeys', null, () => Array.from(core.world.keys.values(), ({ ref }) => ref)),
});

const find = (core: StoreCore, { teamId, accessKeyId }: KeyRef): SimKey | undefined => {
  const key = core.world.keys.get(accessKeyId);
  return key?.ref.teamId === teamId ? key : undefined;
};
