import type { InstanceRef } from '../dataplane/contract/refs.ts';

/** How the data plane names an instance: by its kind and the id of its member. */
export const memberName = (kind: string, memberId: string): string => `${kind}-${memberId}`;

/** The member of an instance as verbs of the data plane take it. */
export const instanceRef = (instance: { kind: string; team_id: number; member_id: string }): InstanceRef => ({
  teamId: instance.team_id,
  name: memberName(instance.kind, instance.member_id),
});

/** Kind and member's id of a name in the data plane; empty texts where it is none of ours. */
export function parseMemberName(name: string): { kind: string; memberId: string } {
  const match = NAME.exec(name);
  return { kind: match?.[1] ?? '', memberId: match?.[2] ?? '' };
}

const NAME = /^([a-z][a-z0-9-]*)-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
