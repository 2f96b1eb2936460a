import type { AccessLevel, BucketGrant, StoreKey } from '../contract.ts';

/** Name of the one policy that the platform gives to a user. */
export const POLICY = 'danube';

interface Statement {
  Sid: string;
  Effect: 'Allow' | 'Deny';
  Action?: readonly string[];
  NotAction?: readonly string[];
  Resource?: readonly string[];
  NotResource?: readonly string[];
  Condition?: Record<string, Record<string, string | readonly string[]>>;
}

const ARN = 'arn:aws:s3:::';
/** Sid of the statement about everything that a team has. */
const TEAM = 'team';
/** Sid of the statement that denies everything else. */
const BESIDE = 'beside';

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

/**
 * Everything with the buckets whose names begin with the prefix, and no bucket with the prefix of another team: that team
 * could not use the name.
 */
export const allowOwner = (bucketPrefix: string): string =>
  documentOf([
    everything(bucketPrefix, null),
    { Sid: 'names', Effect: 'Deny', Action: ['s3:CreateBucket'], Resource: foreignNames(bucketPrefix) },
  ]);

/**
 * Patterns that the names with prefixes of all other teams match, and none with this one: `t12-` is told apart from others
 * by the first digit that differs, or by being shorter or longer.
 */
function foreignNames(bucketPrefix: string): string[] {
  const own = /^t(\d+)-$/.exec(bucketPrefix)?.[1] ?? '';
  const digits = [...'0123456789'];
  const others = [...own].flatMap((digit, index) => [
    ...digits.filter((other) => other !== digit).map((other) => `${own.slice(0, index)}${other}*`),
    ...(index > 0 ? [`${own.slice(0, index)}-*`] : []),
  ]);
  return [...others, ...digits.map((digit) => `${own}${digit}*`)].map((pattern) => `${ARN}t${pattern}`);
}

/** Everything with the buckets whose names begin with the prefix, until it ends. */
export const allowAll = (bucketPrefix: string, expiresAt: Date | null): string =>
  documentOf([
    everything(bucketPrefix, expiresAt),
    nothingBeside([`${ARN}${bucketPrefix}*`, `${ARN}${bucketPrefix}*/*`]),
    ...nothingAfter(expiresAt),
  ]);

const everything = (bucketPrefix: string, end: Date | null): Statement => ({
  Sid: TEAM,
  Effect: 'Allow',
  Action: ['s3:*'],
  Resource: [`${ARN}${bucketPrefix}*`, `${ARN}${bucketPrefix}*/*`],
  ...until(end),
});

/** Without grants, a policy would have nothing to tell the end of the key by. */
const nothing = (end: Date | null): Statement => ({
  Sid: 'nothing',
  Effect: 'Deny',
  Action: ['s3:*'],
  Resource: [`${ARN}*`],
  ...until(end),
});

/**
 * Who writes an object owns it, and the gateway lets owners read it and give it to others, whatever their policy no longer
 * allows. So what is not allowed is denied, too.
 */
const nothingBeside = (resources: readonly string[]): Statement => ({
  Sid: BESIDE,
  Effect: 'Deny',
  NotAction: ['s3:ListAllMyBuckets'],
  ...(resources.length === 0 ? { Resource: [`${ARN}*`] } : { NotResource: resources }),
});

const nothingAfter = (end: Date | null): Statement[] =>
  end === null
    ? []
    : [
        {
          Sid: 'after',
          Effect: 'Deny',
          Action: ['s3:*'],
          Resource: [`${ARN}*`],
          Condition: { DateGreaterThanEquals: { 'aws:CurrentTime': end.toISOString() } },
        },
      ];

/** Only the level `full` decides who else may use an object. */
const noSharingBeside = (resources: readonly string[]): Statement => ({
  Sid: 'sharing',
  Effect: 'Deny',
  Action: ['s3:PutObjectAcl', 's3:PutObjectVersionAcl'],
  ...(resources.length === 0 ? { Resource: [`${ARN}*`] } : { NotResource: resources }),
});

/** What the grants say. The level stands in the names of the statements, from which {@link readPolicy} takes it. */
export function allowGrants(grants: readonly BucketGrant[], expiresAt: Date | null): string {
  const full = grants.filter(({ level }) => level === 'full');
  return documentOf([
    ...(grants.length === 0
      ? [nothing(expiresAt)]
      : grants.flatMap((grant, index) => statementsOf(grant, index, expiresAt))),
    nothingBeside(grants.flatMap((grant) => [`${ARN}${grant.bucket}`, objectsOf(grant)])),
    noSharingBeside(full.map(objectsOf)),
    ...nothingAfter(expiresAt),
  ]);
}

const objectsOf = ({ bucket, prefix }: BucketGrant): string => `${ARN}${bucket}/${prefix ?? ''}*`;

function statementsOf(grant: BucketGrant, index: number, end: Date | null): Statement[] {
  const { bucket, level, prefix } = grant;
  const base = { Effect: 'Allow', ...until(end) } as const;
  const objects = {
    ...base,
    Sid: `${level}${index}`,
    Action: OBJECTS[level],
    Resource: [objectsOf(grant)],
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

/**
 * The scope and end that a policy of {@link allowAll} or {@link allowGrants} gives. One of an earlier version, which denies
 * nothing, reads as if it allowed nothing, so that the reconciler writes it anew.
 */
export function readPolicy(text: string): Pick<StoreKey, 'scope' | 'expiresAt'> {
  const statements = (JSON.parse(text) as { Statement: Statement[] }).Statement;
  if (!statements.some(({ Sid }) => Sid === BESIDE)) return { scope: [], expiresAt: null };
  const end = statements[0]?.Condition?.DateLessThan?.['aws:CurrentTime'];
  const expiresAt = typeof end === 'string' ? new Date(end) : null;
  if (statements[0]?.Sid === TEAM) return { scope: 'team', expiresAt };
  const scope = statements.flatMap(({ Sid, Resource }): BucketGrant[] => {
    const level = /^(read|readwrite|full)\d+$/.exec(Sid)?.[1] as AccessLevel | undefined;
    if (level === undefined) return [];
    const [bucket = '', ...rest] = Resource![0]!.slice(ARN.length).split('/');
    const prefix = rest.join('/').slice(0, -1);
    return [{ bucket, level, prefix: prefix === '' ? null : prefix }];
  });
  return { scope, expiresAt };
}
