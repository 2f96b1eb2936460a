import { Type } from 'typebox';
import { Failure, NOTHING, normal, warning } from '../../events/catalogue.ts';
import { instanceEvents } from '../../instances/events.ts';
import type { Operation } from '../../operations/operation.ts';
import type { Kind } from './kinds.ts';

const REMEDIES = {
  lost: 'Start it: it is built anew on its data volume, if that is still there. Or restore a snapshot.',
  broken: 'Start it, or ask the operator to look at the host.',
};

const eventsOfKind = (kind: Kind) => ({
  ...instanceEvents(kind, kind, REMEDIES),
  created: normal(
    `${kind}.created`,
    'Created',
    NOTHING,
    () => `The ${kind} was created and answers queries.`,
  ),
  forceStopped: normal(
    `${kind}.force_stopped`,
    'ForceStopped',
    NOTHING,
    () => `The ${kind} was switched off.`,
  ),
  updated: normal(
    `${kind}.updated`,
    'Updated',
    // What has changed, as the end of a sentence.
    Type.Object({ what: Type.String() }),
    ({ what }) => `The ${kind} has new settings: ${what}`,
  ),
  passwordRotated: normal(
    `${kind}.password_rotated`,
    'PasswordRotated',
    Type.Object({ overlap_seconds: Type.Integer() }),
    ({ overlap_seconds: seconds }) =>
      seconds === 0
        ? 'It has a new password, and the previous one no longer works.'
        : `It has a new password. The previous one works for another ${seconds} seconds.`,
  ),
  rotationFailed: warning(`${kind}.rotation_failed`, 'RotationFailed', Failure, ({ error }) => error.message),
  published: normal(`${kind}.published`, 'Published', NOTHING, () => 'It is reached at the public address.'),
  publishFailed: warning(`${kind}.publish_failed`, 'PublishFailed', Failure, ({ error }) => error.message),
  withdrawn: normal(
    `${kind}.withdrawn`,
    'Withdrawn',
    NOTHING,
    () => 'It is not reached at the public address any more.',
  ),
  withdrawFailed: warning(`${kind}.withdraw_failed`, 'WithdrawFailed', Failure, ({ error }) => error.message),
});

/** The events of databases, and those of caches. */
export const serviceEvents = { database: eventsOfKind('database'), cache: eventsOfKind('cache') };

export type ServiceEvents = ReturnType<typeof eventsOfKind>;

/** The events of the kind of instance that the operation is about. */
export const eventsFor = ({ resourceType }: Operation): ServiceEvents => serviceEvents[resourceType as Kind];
