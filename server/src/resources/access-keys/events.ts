import { Type } from 'typebox';
import { Failure, normal, warning } from '../../events/catalogue.ts';
import { requested } from '../../operations/events.ts';
import { RESOURCE_TYPE } from './states.ts';

const Key = Type.Object({ name: Type.String(), access_key_id: Type.String() });

/** Events of access keys. */
export const accessKeyEvents = {
  requested: requested(RESOURCE_TYPE),
  created: normal('access_key.created', 'Created', Key, ({ name }) => `The access key "${name}" works.`),
  failed: warning(
    'access_key.failed',
    'Failed',
    Type.Object({ operation: Type.String(), ...Failure.properties }),
    ({ error }) => error.message,
  ),
  revoked: normal(
    'access_key.revoked',
    'Revoked',
    Key,
    ({ name }) => `The access key "${name}" was revoked.`,
  ),
  expired: normal(
    'access_key.expired',
    'Expired',
    Key,
    ({ name }) => `The access key "${name}" has expired.`,
  ),
  mended: warning(
    'access_key.mended',
    'Mended',
    Type.Object({ what: Type.Enum(['missing', 'scope']) }),
    ({ what }) =>
      what === 'missing'
        ? 'The object store had lost the access key. It works again.'
        : 'The object store had other permissions for the access key. They are right again.',
  ),
};
