import { type Static, Type } from 'typebox';
import {
  Component,
  Enum,
  Id,
  Int,
  List,
  Message,
  Nullable,
  Obj,
  Text,
  Timestamp,
} from '../../../http/schema.ts';
import { Diagnostic, Findings, SectionOfEvents } from '../../../instances/inspection-schema.ts';
import { StatusDetails } from '../../../instances/schema.ts';
import { ByMethod, Bytes, Human } from '../schema.ts';

const Freshness = Enum(['fresh', 'lagging', 'stale', 'never'], {
  description:
    '`fresh`: of the last two minutes. `lagging`: of the last fifteen. `never`: nothing was counted yet.',
});
const BucketId = Id();
const ByStatus = Component('BucketRequestsByStatus', {
  '2xx': Bytes(9800),
  '4xx': Bytes(42),
  '5xx': Bytes(1),
});
const Rate = Type.Number({ minimum: 0, maximum: 1, example: 0.004, description: 'A fraction, from 0 to 1.' });
const Milliseconds = Type.Number({ minimum: 0, maximum: 1e9, example: 4.2 });

/** Why members are null. */
const Unknown = Component(
  'BucketUnknowns',
  {},
  {
    additionalProperties: Message('This object store does not log its requests.'),
    example: {},
    description: 'Why members are null, by member.',
  },
);

export const Metrics = Component('BucketMetrics', {
  size_bytes: Bytes(1_503_238_553),
  size_human: Human('1.4 GB'),
  object_count: Bytes(1280),
  requests_24h: Nullable(
    Bytes(9843, 'Of the hour in progress and the 23 before it, as all figures of 24 hours.'),
  ),
  requests_24h_by_method: Nullable(ByMethod),
  requests_24h_by_status: Nullable(ByStatus),
  error_rate_24h: Nullable(Rate),
  latency_24h_ms: Nullable(
    Component('BucketLatency', {
      p50: Nullable(Milliseconds),
      p95: Nullable(Milliseconds),
      mean: Nullable(Milliseconds),
    }),
  ),
  egress_bytes_24h: Nullable(Bytes(734_003_200)),
  egress_human_24h: Nullable(Human('700 MB')),
  ingress_bytes_24h: Nullable(Bytes(52_428_800)),
  ingress_human_24h: Nullable(Human('50 MB')),
  monthly_cost_cents: Int(2, { description: 'For what it holds now, in cents of EUR.' }),
  monthly_cost_dollars: Text(20, '0.02'),
  source: Enum(['deltas']),
  freshness: Freshness,
  last_sync_at: Nullable(Timestamp('When it was last measured.')),
  metrics_precomputed_at: Nullable(Timestamp('When requests were last counted.')),
  unknown: Unknown,
});

export const WINDOWS = ['24h', '7d', '30d'] as const;
export const RESOLUTIONS = ['1m', '5m', '15m', '1h', '1d'] as const;

export const TrendQuery = Obj({
  window: Type.Optional(Enum(WINDOWS, { description: 'How far back. 24 hours by default.' })),
  resolution: Type.Optional(
    Enum(RESOLUTIONS, {
      description: 'Length of the intervals. Minutes are kept for 24 hours; the answer names the one it has.',
    }),
  ),
});
export type TrendQuery = Static<typeof TrendQuery>;

const Point = Component('BucketTrendPoint', {
  recorded_at: Timestamp('When the interval began.'),
  size_bytes: Bytes(1_503_238_553, 'At its end.'),
  object_count: Bytes(1280),
  requests: Component('BucketTrendRequests', {
    total: Nullable(Bytes(431)),
    get: Nullable(Bytes(400)),
    put: Nullable(Bytes(20)),
    delete: Nullable(Bytes(1)),
    head: Nullable(Bytes(10)),
  }),
  status: Nullable(ByStatus),
  egress_bytes: Nullable(Bytes(31_457_280)),
  ingress_bytes: Nullable(Bytes(2_097_152)),
  error_rate: Nullable(Rate),
  latency_ms: Nullable(
    Component('BucketTrendLatency', {
      mean: Nullable(Milliseconds),
      p95: Nullable(Milliseconds),
      p95_upper_bound: Nullable(Milliseconds),
    }),
  ),
  interval_seconds: Int(3600),
  requests_24h_total: Nullable(Bytes(9843, 'Always null: see `requests`.')),
});

export const Trend = Component('BucketTrend', {
  bucket_id: BucketId,
  window: Enum(WINDOWS),
  resolution: Enum(RESOLUTIONS, { example: '1h' }),
  source: Enum(['deltas']),
  freshness: Freshness,
  generated_at: Timestamp(),
  data: List(Point, { maxItems: 1500 }),
});

export const DIMENSIONS = ['size', 'egress', 'requests'] as const;

export const TopQuery = Obj({
  dimension: Type.Optional(
    Enum(DIMENSIONS, {
      description:
        '`size`: the largest now, by default. `egress`, `requests`: of today and yesterday, in UTC.',
    }),
  ),
});
export type TopQuery = Static<typeof TopQuery>;

export const TopObjects = Component('BucketTopObjects', {
  bucket_id: BucketId,
  dimension: Enum(DIMENSIONS),
  recorded_at: Nullable(Timestamp('When that was counted.')),
  items: List(
    Component('BucketTopObject', {
      rank: Int(1),
      object_key: Text(1024, 'photos/2026/sea.jpg'),
      value: Bytes(5_242_880),
    }),
    { maxItems: 10 },
  ),
  reason: Nullable(Message('This object store does not log its requests.')),
});

export const Health = Component('BucketHealth', {
  bucket_id: BucketId,
  pending_multipart_count: Nullable(Int(1)),
  pending_multipart_bytes: Nullable(Bytes(52_428_800)),
  deleted_size_bytes: Nullable(Bytes(0)),
  freshness: Freshness,
  metrics_precomputed_at: Nullable(Timestamp('When requests were last counted.')),
  last_health_check_at: Nullable(Timestamp()),
  health_check_status: Nullable(
    Enum(['ok', 'skipped', 'error'], { description: '`skipped`: there are too many uploads to look at.' }),
  ),
  unknown: Unknown,
});

export const BucketDiagnosis = Diagnostic('BucketDiagnosis', {
  verdict: Enum(['healthy', 'degraded', 'unhealthy']),
  status: StatusDetails,
  findings: Findings,
  sections: Obj({
    events: Nullable(SectionOfEvents),
    logs: Nullable(Obj({ available: Type.Boolean({ example: false }), sampled_lines: Int(0) })),
    size: Obj({
      size_bytes: Bytes(1_503_238_553),
      size_limit_bytes: Nullable(Bytes(10_737_418_240)),
      team_size_bytes: Bytes(4_503_238_553, 'What all buckets of the team hold.'),
      team_limit_bytes: Nullable(Bytes(107_374_182_400)),
    }),
  }),
});
