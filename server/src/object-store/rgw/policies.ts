import type { AccessLevel, BucketGrant, StoreKey } from '../contract.ts';

/** Name of the one policy that the platform gives to a user. */
export const POLICY = 'danube';

interface Statement {
  Sid: string;
  Effect: 'Allow' | 'Deny';
  Action: readonly string[];
  Resource: readonly string[];
  Condition?: Record<string, Record<string, string | readonly string[]>>;
}

const ARN = 'arn:aws:s3:::';
/** Sid of the statement about everything that a team has. */
const TEAM = 'team';

const READ = [
  's3:GetObject',
  's3:GetObjectVersion',
  's3:GetObjectTagging',
  's3:GetObjectVersionTagging',
  's3:GetObjectAcl',
  's3:GetObjectRetention',
  's3:GetObjectLegalHold',
];
const WRITE = [
  ...['s3:PutObject', 's3:DeleteObject', 's3:DeleteObjectVersion', 's3:AbortMultipartUpload'],
  ...[
    's3:ListMultipartUploadParts',
    's3:PutObjectTagging',
    's3:DeleteObjectTagging',
    's3:PutObjectVersionTagging',
  ],
  ...['s3:DeleteObjectVersionTagging', 's3:PutObjectRetention', 's3:PutObjectLegalHold'],
];
/** What a level may do with objects. */
const OBJECTS: Record<AccessLevel, readonly string[]> = {
  read: READ,
  readwrite: [...READ, ...WRITE],
  full: ['s3:*'],
};
/** With the bucket itself, but for listing. */
const ABOUT = ['s3:GetBucketLocation', 's3:GetBucketVersioning', 's3:GetBucketObjectLockConfiguration'];
const LIST = ['s3:ListBucket', 's3:ListBucketVersions', 's3:ListBucketMultipartUploads'];

const documentOf = (statements: readonly Statement[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements });

/** Everything with the buckets whose names begin with the prefix, until it ends. */
export const allowAll = (bucketPrefix: string, expiresAt: Date | null): string =>
  documentOf([
    {
      Sid: TEAM,
      Effect: 'Allow',
      Action: ['s3:*'],
      Resource: [`${ARN}${bucketPrefix}*`, `${ARN}${bucketPrefix}*/*`],
      ...until(expiresAt),
    },
  ]);

/** Without grants, a policy would have nothing to tell the end of the key by. */
const nothing = (end: Date | null): Statement => ({
  Sid: 'nothing',
  Effect: 'Deny',
  Action: ['s3:*'],
  Resource: [`${ARN}*`],
  ...until(end),
});

/** What the grants say. The level stands in the names of the statements, from which {@link readPolicy} takes it. */
export const allowGrants = (grants: readonly BucketGrant[], expiresAt: Date | null): string =>
  documentOf(
    grants.length === 0
      ? [nothing(expiresAt)]
      : grants.flatMap((grant, index) => statementsOf(grant, index, expiresAt)),
  );

function statementsOf({ bucket, level, prefix }: BucketGrant, index: number, end: Date | null): Statement[] {
  const base = { Effect: 'Allow', ...until(end) } as const;
  const objects = {
    ...base,
    Sid: `${level}${index}`,
    Action: OBJECTS[level],
    Resource: [`${ARN}${bucket}/${prefix ?? ''}*`],
  };
  const whole = {
    ...base,
    Sid: `bucket${index}`,
    Action: level === 'full' ? ['s3:*'] : [...ABOUT, ...LIST],
    Resource: [`${ARN}${bucket}`],
  };
  if (prefix === null) return [objects, whole];
  const about = { ...whole, Action: ABOUT };
  const list = {
    ...whole,
    Sid: `list${index}`,
    Action: LIST,
    Condition: { ...until(end).Condition, StringLike: { 's3:prefix': [prefix, `${prefix}*`] } },
  };
  return [objects, about, list];
}

/** The gateway itself compares this with its clock, in whole seconds. */
const until = (expiresAt: Date | null): Pick<Statement, 'Condition'> =>
  expiresAt === null ? {} : { Condition: { DateLessThan: { 'aws:CurrentTime': expiresAt.toISOString() } } };

/** The scope and end that a policy of {@link allowAll} or {@link allowGrants} gives. */
export function readPolicy(text: string): Pick<StoreKey, 'scope' | 'expiresAt'> {
  const statements = (JSON.parse(text) as { Statement: Statement[] }).Statement;
  const end = statements[0]?.Condition?.DateLessThan?.['aws:CurrentTime'];
  const expiresAt = typeof end === 'string' ? new Date(end) : null;
  if (statements[0]?.Sid === TEAM) return { scope: 'team', expiresAt };
  const scope = statements.flatMap(({ Sid, Resource }): BucketGrant[] => {
    const level = /^(read|readwrite|full)\d+$/.exec(Sid)?.[1] as AccessLevel | undefined;
    if (level === undefined) return [];
    const [bucket = '', ...rest] = Resource[0]!.slice(ARN.length).split('/');
    const prefix = rest.join('/').slice(0, -1);
    return [{ bucket, level, prefix: prefix === '' ? null : prefix }];
  });
  return { scope, expiresAt };
}
