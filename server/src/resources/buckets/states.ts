export const BUCKET_STATUSES = ['pending', 'creating', 'active', 'updating', 'error', 'destroying'] as const;

export type BucketStatus = (typeof BUCKET_STATUSES)[number];

/** `resource_type` of operations and events of buckets. */
export const RESOURCE_TYPE = 'bucket';
