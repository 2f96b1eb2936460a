export const KEY_STATUSES = ['creating', 'active', 'revoking', 'revoked', 'error'] as const;

export type KeyStatus = (typeof KEY_STATUSES)[number];

/** `resource_type` of operations and events of access keys. */
export const RESOURCE_TYPE = 'access_key';
