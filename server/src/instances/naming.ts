import type { InstanceRef } from '../dataplane/contract/refs.ts';

/** The name of a member in the data plane: kind and id. */
export const memberName = (kind: string, memberId: string): string => `${kind}-${memberId}`;

/** The reference to an instance's member for verbs of the data plane. */
export const instanceRef = (instance: { kind: string; team_id: number; member_id: string }): InstanceRef => ({
  teamId: instance.team_id,
  name: memberName(instance.kind, instance.member_id),
});

/** Kind and member id of a name in the data plane; empty strings where the name is not Danube's. */
export function parseMemberName(name: string): { kind: string; memberId: string } {
  const match = NAME.exec(name);
  return { kind: match?.[1] ?? '', memberId: match?.[2] ?? '' };
}

const NAME = /^([a-z][a-z0-9-]*)-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
