import { type Static, Type } from 'typebox';
import { Component, Enum, Int, LineText, List, Nullable, Obj } from '../../http/schema.ts';
import { PATTERN_MESSAGE } from '../../http/validation.ts';

/** Schemas of what S3 knows as well: CORS and lifecycle configurations, and tags. Members are called as in S3. */

const METHODS = ['GET', 'PUT', 'POST', 'DELETE', 'HEAD'] as const;
const MAX_RULES = 100;
/** Days of a lifecycle, and of a retention: a century. */
export const MAX_DAYS = 36_500;

const Origin = LineText(300, 'https://example.org');
const Header = LineText(200, 'Authorization');
const RuleId = LineText(255, 'expire-logs');

/** `name`: of a rule, which is described more strictly in requests than in answers. */
const corsRules = (name: string) =>
  List(
    Component(name, {
      ID: Type.Optional(RuleId),
      AllowedOrigins: Type.Optional(
        List(Origin, { maxItems: 100, description: 'Required. At most one `*` in each.' }),
      ),
      AllowedMethods: Type.Optional(List(Enum(METHODS), { maxItems: 10, description: 'Required.' })),
      AllowedHeaders: Type.Optional(Nullable(List(Header, { maxItems: 100 }))),
      ExposeHeaders: Type.Optional(Nullable(List(Header, { maxItems: 100 }))),
      MaxAgeSeconds: Type.Optional(Nullable(Int(3600))),
    }),
    { maxItems: MAX_RULES },
  );

export const CorsRules = corsRules('BucketCorsRule');
export type CorsRules = Static<typeof CorsRules>;

/** The CORS rules of a request: an object as in S3. */
export const CorsInput = Nullable(
  Component('BucketCorsConfiguration', {
    CORSRules: Type.Optional(Nullable(corsRules('BucketCorsRuleInput'))),
  }),
);
export type CorsInput = Static<typeof CorsInput>;

const Days = (example: number) => Int(example, { minimum: 1, maximum: MAX_DAYS });

const lifecycleRules = (name: string) =>
  List(
    Component(name, {
      ID: Type.Optional(RuleId),
      Status: Type.Optional(Enum(['Enabled', 'Disabled'])),
      Filter: Type.Optional(Nullable(Obj({ Prefix: Type.Optional(Nullable(LineText(1024, 'logs/'))) }))),
      Expiration: Type.Optional(
        Nullable(
          Obj({
            Days: Type.Optional(Nullable(Days(30))),
            Date: Type.Optional(
              Nullable(
                Type.String({
                  maxLength: 40,
                  pattern: '^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])(T00:00:00(\\.000)?Z)?$',
                  [PATTERN_MESSAGE]: 'must be a day, for example 2026-12-31',
                  example: '2099-12-31',
                }),
              ),
            ),
            ExpiredObjectDeleteMarker: Type.Optional(Nullable(Type.Boolean({ example: false }))),
          }),
        ),
      ),
      NoncurrentVersionExpiration: Type.Optional(
        Nullable(Obj({ NoncurrentDays: Type.Optional(Nullable(Days(30))) })),
      ),
      AbortIncompleteMultipartUpload: Type.Optional(
        Nullable(Obj({ DaysAfterInitiation: Type.Optional(Nullable(Days(7))) })),
      ),
    }),
    {
      maxItems: MAX_RULES,
      description: 'When objects, old versions and incomplete uploads are deleted, as in S3.',
    },
  );
export const LifecycleRules = lifecycleRules('BucketLifecycleRule');
export const LifecycleInput = lifecycleRules('BucketLifecycleRuleInput');
export type LifecycleRules = Static<typeof LifecycleRules>;

export const Tags = List(
  Type.String({
    minLength: 1,
    maxLength: 385,
    pattern: '^[A-Za-z0-9 +\\-._:/@]{1,128}(=[A-Za-z0-9 +\\-._:/@]{0,256})?$',
    [PATTERN_MESSAGE]: 'must be a word or NAME=VALUE, of letters, digits, spaces and + - . _ : / @',
    example: 'project=web',
  }),
  { maxItems: 50, description: 'Words, or `NAME=VALUE`. They are the tags of the bucket in S3.' },
);
