import { type Static, Type } from 'typebox';
import { ListQuery } from '../../http/listing.ts';
import {
  Component,
  Enum,
  Id,
  LineText,
  List,
  Message,
  NameText,
  Nullable,
  NumberId,
  Obj,
  PathId,
  Text,
  Timestamp,
  TimeText,
} from '../../http/schema.ts';
import { Warnings } from '../../http/warnings.ts';
import { OperationId } from '../../operations/schema.ts';
import { KEY_STATUSES } from './states.ts';

/** Most buckets that one key can be for. */
const MAX_GRANTS = 100;
/** Longest object key of S3, in bytes; a prefix is at most as long. */
const MAX_PREFIX = 1024;

const Name = NameText(255, 'backups');
const Level = Enum(['read', 'readwrite', 'full'], {
  description:
    '`read`: list and get. `readwrite`: also put and delete. `full`: everything, such as policies.',
});
const Scope = Enum(['team', 'buckets'], {
  description: '`team`: all buckets of the team, also later ones. `buckets`: those in `bucket_permissions`.',
});
const BucketId = Id('0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e', 'A bucket of the team.');

const Permission = Component('BucketPermission', {
  bucket_id: BucketId,
  bucket_name: Text(63, 'photos'),
  level: Level,
  prefix: Nullable(
    Text(MAX_PREFIX, 'daily/', { description: 'Only objects whose keys begin with it. Null: all.' }),
  ),
});

const members = {
  id: Id(),
  name: Name,
  access_key_id: Text(128, 'DANUBE4XK2P7Q9RS3TVW', { description: 'The access key id of S3.' }),
  access_key_id_masked: Text(128, 'DANU************3TVW'),
  status: Enum(KEY_STATUSES, { example: 'active' }),
  status_label: Text(20, 'Active'),
  access_type: Enum(['full', 'restricted'], { description: '`full`: all buckets of the team.' }),
  is_prefix_scoped: Type.Boolean({
    example: false,
    description: 'Whether a bucket’s permission has a prefix.',
  }),
  scope: Scope,
  bucket_permissions: List(Permission, { maxItems: MAX_GRANTS, description: 'Empty for the scope `team`.' }),
  expires_at: Nullable(Timestamp('The store refuses the key from then on. Null: never.')),
  last_used_at: Nullable(Timestamp('Null where it was not used, or the store does not tell.')),
  revoked_at: Nullable(Timestamp()),
  is_expired: Type.Boolean({ example: false }),
  created_at: Timestamp(),
  updated_at: Timestamp(),
  team_id: NumberId(1),
  user_id: Nullable(NumberId(1, 'Null if that account is gone.')),
};

export const AccessKey = Component('AccessKey', members);

export const KeyQuery = ListQuery('access keys', 'uuid', KEY_STATUSES);
export type KeyQuery = Static<typeof KeyQuery>;

export const CreateAccessKey = Component(
  'CreateAccessKey',
  {
    name: Name,
    expires_at: Type.Optional(Nullable(TimeText('2099-01-15T09:30:00Z', 'When the key ends by itself.'))),
    scope: Type.Optional(Scope),
    bucket_permissions: Type.Optional(
      Nullable(
        List(
          Component('CreateBucketPermission', {
            bucket_id: LineText(36, '0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e', {
              description: 'A bucket of the team.',
            }),
            level: Level,
            prefix: Type.Optional(
              Nullable(
                LineText(MAX_PREFIX, 'daily/', {
                  description:
                    'Only objects whose keys begin with it, without `*`, `?` and `${`. Not with the level `full`.',
                }),
              ),
            ),
          }),
          { maxItems: MAX_GRANTS, description: 'For the scope `buckets`.' },
        ),
      ),
    ),
  },
  { example: { name: 'backups', scope: 'team' } },
);
export type CreateAccessKey = Static<typeof CreateAccessKey>;

export const KeyParams = Obj({ accessKey: PathId('uuid', 'Id of the access key.') });

export const KeyCreated = Component('AccessKeyCreated', {
  message: Message('The access key is being created. Its secret is shown only now.'),
  ...members,
  secret_access_key: Text(128, 'kT3vB8nQ2mXw7RzY5cJd9HfL4sPaGe6UiN1oKtEx', {
    description: 'The secret of S3. It is shown only in this answer.',
  }),
  endpoint: Nullable(Text(300, 'https://203.0.113.7:9000', { description: 'Where S3 clients connect to.' })),
  region: Text(40, 'fsn1'),
  warnings: Warnings,
  operation_id: OperationId,
});
export const KeyAnswer = Component('AccessKeyResponse', { access_key: AccessKey });
export const KeyRevoked = Component('AccessKeyRevoked', {
  message: Message('The access key is being revoked.'),
  status: Enum(KEY_STATUSES, { example: 'revoking' }),
  operation_id: OperationId,
});
