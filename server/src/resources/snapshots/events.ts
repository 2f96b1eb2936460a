import { Type } from 'typebox';
import { Failure, NOTHING, normal, warning } from '../../events/catalogue.ts';
import { requested } from '../../operations/events.ts';
import { RESOURCE_TYPE } from './states.ts';

/** Events of snapshots themselves. Taking and restoring one are events of its instance. */
export const snapshotEvents = {
  requested: requested(RESOURCE_TYPE),
  deleted: normal('snapshot.deleted', 'Deleted', NOTHING, () => 'The snapshot was deleted.'),
  deleteFailed: warning('snapshot.delete_failed', 'DeleteFailed', Failure, ({ error }) => error.message),
  verified: normal(
    'snapshot.verified',
    'Verified',
    NOTHING,
    () => 'The snapshot was restored as a drill, and works.',
  ),
  verifyFailed: warning(
    'snapshot.verify_failed',
    'VerifyFailed',
    Failure,
    ({ error }) => `The restore drill failed: ${error.message}`,
  ),
  mended: warning(
    'snapshot.mended',
    'SnapshotMended',
    Type.Object({ status: Type.Enum(['ready', 'failed']), what: Type.String() }),
    ({ what }) => what,
  ),
};
