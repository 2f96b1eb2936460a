import { Type } from 'typebox';
import { ERROR_STATUS, type ErrorCode } from '../lib/errors.ts';
import type { Json } from './openapi-schema.ts';
import { Component, Int, List, Text } from './schema.ts';

/** The parts of the OpenAPI document that all operations share. */

/** A tag of the OpenAPI document, under which operations are grouped. */
export interface Tag {
  name: string;
  description: string;
}

export const ErrorSchema = Component('ApiError', {
  message: Text(2000, 'The name field is required.', { description: 'What is wrong and what to do.' }),
  code: Type.Unsafe<ErrorCode>({
    type: 'string',
    enum: Object.keys(ERROR_STATUS),
    example: 'validation_failed',
    description: 'Stable name of the error.',
  }),
  request_id: Text(64, '0198c5a2-8100-7b3c-8a4f-6d5e4c3b2a19', {
    description: 'Identifies this request in the server’s log.',
  }),
  docs: Text(2000, 'https://cloud.example.org/docs/errors/validation_failed', {
    description: 'URL of the page about the error.',
  }),
  errors: Type.Optional(
    Type.Unsafe<Record<string, string[]>>({
      type: 'object',
      maxProperties: 100,
      additionalProperties: List(Text(2000, 'The name field is required.'), { maxItems: 100 }),
      example: { name: ['The name field is required.'] },
      description: 'By field: one sentence for each error.',
    }),
  ),
  error: Type.Optional(
    Text(100, 'invalid_state', {
      description: 'If the state does not allow the request: the same as `code`.',
    }),
  ),
  status: Type.Optional(
    Text(50, 'stopped', { description: 'If the state does not allow the request: the current state.' }),
  ),
  retry_after: Type.Optional(Int(12, { description: 'When to try again, in seconds.' })),
  required_scope: Type.Optional(
    Text(50, 'ssh-key:write', { description: 'The scope that the token lacks, or the role.' }),
  ),
  role: Type.Optional(
    Text(50, 'viewer', {
      description: 'If it is the account’s role in the team that lacks the scope: that role.',
    }),
  ),
  quota: Type.Optional(Text(50, 'ssh_key', { description: 'The quota that is reached.' })),
  limit: Type.Optional(Int(25, { description: 'What the quota allows.' })),
  used: Type.Optional(Int(25, { description: 'How much of the quota is in use.' })),
  reason: Type.Optional(
    Text(50, 'storage_read_only', { description: 'Which part is at fault, and how; for `unavailable`.' }),
  ),
  available: Type.Optional(
    Component('AvailableCapacity', {
      memory_mb: Int(1024, { description: 'Memory that the host has left for new instances, in MB.' }),
      disk_gb: Int(35, { description: 'Disk space that the host has left for new instances, in GB.' }),
    }),
  ),
});

const counter = (description: string, example: number, maximum = 2_147_483_647): Json => ({
  description,
  schema: { type: 'integer', format: 'int64', minimum: 0, maximum },
  example,
});

export const HEADERS: Record<string, Json> = {
  RateLimitLimit: counter('How many requests the most restrictive limit allows.', 60),
  RateLimitRemaining: counter('How many requests are left under the most restrictive limit.', 59),
  RateLimitReset: counter(
    'When the count of that limit starts again, in Unix seconds.',
    1_768_469_460,
    253_402_300_799,
  ),
  RetryAfter: counter('When to try again, in seconds.', 12, 86_400),
  RequestId: {
    description:
      'Identifies this request in the server’s log. If the client sent an `X-Request-Id`, it is that one.',
    schema: { type: 'string', maxLength: 64, pattern: '^[A-Za-z0-9._:-]{1,64}$' },
    example: '0198c5a2-8100-7b3c-8a4f-6d5e4c3b2a19',
  },
  'Access-Control-Allow-Origin': {
    description: 'Web pages of any origin may call the API with a token. Missing where a cookie counts.',
    schema: { type: 'string', enum: ['*'] },
    example: '*',
  },
  IdempotencyReplayed: {
    description: 'Present if this is the stored response to an earlier request with the same key.',
    schema: { type: 'string', enum: ['true'] },
    example: 'true',
  },
  ETag: {
    description:
      'A name for this answer, to be sent as `If-None-Match`. It stays the same until something else changes than the ' +
      'ids of requests and the times of the last look.',
    schema: { type: 'string', maxLength: 100 },
    example: 'W/"3q2-7wAAAAAAAAAAAAAAAA"',
  },
  WwwAuthenticate: {
    description: 'How to authenticate (RFC 6750).',
    schema: { type: 'string', maxLength: 500, pattern: '^Bearer ' },
    example: 'Bearer realm="danube"',
  },
};

/** Without an example, because the interactive page would send it, and the key is the client's choice. */
export const PARAMETERS: Record<string, Json> = {
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description:
      'Any text of your choice. For 24 hours, requests with the same key are carried out only once.',
    schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[\\x20-\\x7e]{1,255}$' },
  },
  IfNoneMatch: {
    name: 'If-None-Match',
    in: 'header',
    required: false,
    description: 'The `ETag` of an answer that you have. If it is still right, this answer is 304 and empty.',
    // All headers together can have as much.
    schema: { type: 'string', maxLength: 16_384 },
  },
};

const ref = (name: string): Json => ({ $ref: `#/components/headers/${name}` });

/** Headers of every response. */
export const SUCCESS_HEADERS: Record<string, Json> = {
  'X-Request-Id': ref('RequestId'),
  'Access-Control-Allow-Origin': ref('Access-Control-Allow-Origin'),
  'X-RateLimit-Limit': ref('RateLimitLimit'),
  'X-RateLimit-Remaining': ref('RateLimitRemaining'),
  'X-RateLimit-Reset': ref('RateLimitReset'),
};

interface ErrorResponse {
  name: string;
  description: string;
  headers?: Record<string, Json>;
  /** By error code: members of the example. */
  examples: Record<string, Record<string, Json>>;
}

export const ERROR_RESPONSES: Record<number, ErrorResponse> = {
  400: {
    name: 'BadRequest',
    description: 'The request is malformed.',
    examples: { bad_request: { message: 'The request body is not valid JSON.' } },
  },
  401: {
    name: 'Unauthenticated',
    description: 'The token or session is missing, unknown, revoked or expired, or the sign-in failed.',
    headers: { 'WWW-Authenticate': ref('WwwAuthenticate') },
    examples: {
      unauthenticated: {
        message: 'This request needs an API token. Send it as: Authorization: Bearer ID|SECRET.',
      },
      sign_in_failed: { message: 'The e-mail address or the password is wrong.' },
    },
  },
  403: {
    name: 'Forbidden',
    description: 'The token or session may not do this, or not for that team.',
    headers: { 'WWW-Authenticate': ref('WwwAuthenticate') },
    examples: {
      missing_scope: {
        message:
          'This API token does not have the scope "ssh-key:write", and a token’s scopes cannot be changed. Make a new token that ' +
          'has it, on the page “API tokens” or with POST /user/tokens.',
        required_scope: 'ssh-key:write',
      },
      team_forbidden: { message: 'You may not act for that team.' },
      session_required: {
        message: 'An API token cannot do this. Sign in, and use the session’s cookie.',
      },
      proof_required: {
        message: 'Confirm that it is you: give your password or passkey again, and then repeat the request.',
      },
      origin_mismatch: {
        message:
          'The header Origin must be the address of this install: requests that use its cookies may only come from its own pages.',
      },
    },
  },
  404: {
    name: 'NotFound',
    description: 'It does not exist in this team.',
    examples: {
      not_found: {
        message: 'SSH key not found. Check the id, and that the token belongs to the right team.',
      },
    },
  },
  409: {
    name: 'Conflict',
    description: 'The Idempotency-Key was used for another request.',
    examples: { idempotency_conflict: { message: 'This Idempotency-Key was used for another request.' } },
  },
  413: {
    name: 'PayloadTooLarge',
    description: 'The request body is larger than 1 MB.',
    examples: { payload_too_large: { message: 'The request body is larger than 1 MB.' } },
  },
  415: {
    name: 'UnsupportedMediaType',
    description: 'The request body is not JSON.',
    examples: {
      unsupported_media_type: {
        message: 'Send the request body as JSON, with the header Content-Type: application/json.',
      },
    },
  },
  422: {
    name: 'Unprocessable',
    description: 'A value is invalid, a quota is reached, or the current state does not allow the request.',
    examples: {
      validation_failed: {
        message: 'The name field is required.',
        errors: { name: ['The name field is required.'] },
      },
      quota_exceeded: {
        message: 'The team’s SSH key quota is reached: 25 of 25 in use.',
        quota: 'ssh_key',
        limit: 25,
        used: 25,
      },
      invalid_state: { message: 'The VPS is already stopped.', error: 'invalid_state', status: 'stopped' },
      link_invalid: { message: 'This link was used already, or has expired. Ask for a new one.' },
    },
  },
  429: {
    name: 'RateLimited',
    description: 'Too many requests in a minute, an hour or a day, or too many of one team at once.',
    headers: { 'Retry-After': ref('RetryAfter') },
    examples: {
      rate_limited: { message: 'Too many requests. Try again in 12 seconds.', retry_after: 12 },
    },
  },
  431: {
    name: 'HeadersTooLarge',
    description: 'The headers of the request, with its path and query, are larger than 16 KB.',
    examples: { headers_too_large: { message: 'The headers of the request are larger than 16 KB.' } },
  },
  500: {
    name: 'Internal',
    description: 'Something went wrong on the server.',
    examples: {
      internal: {
        message: 'Something went wrong on our side. Try again, and quote the request id if it persists.',
      },
    },
  },
  503: {
    name: 'Unavailable',
    description: 'A part that the request needs does not answer at the moment, or the host has no room.',
    headers: { 'Retry-After': ref('RetryAfter') },
    examples: {
      unavailable: {
        message: 'The database cannot be reached at the moment. Try again shortly.',
        reason: 'database_unreachable',
      },
      no_capacity: {
        message:
          'There is not enough room: this takes 2 GB of memory and 40 GB of disk; 1 GB and 35 GB are left.',
        available: { memory_mb: 1024, disk_gb: 35 },
      },
    },
  },
};
