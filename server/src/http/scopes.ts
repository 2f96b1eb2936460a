/** What a token may do: `KIND:read` lists and shows, `KIND:write` creates, updates and acts, `KIND:delete` deletes. */
export const SCOPES = [
  'vps:read',
  'vps:write',
  'vps:delete',
  'database:read',
  'database:write',
  'database:delete',
  'cache:read',
  'cache:write',
  'cache:delete',
  'storage:read',
  'storage:write',
  'storage:delete',
  'firewall:read',
  'firewall:write',
  'firewall:delete',
  'snapshot:read',
  'snapshot:write',
  'snapshot:delete',
  'ssh-key:read',
  'ssh-key:write',
  'ssh-key:delete',
  'webhook:read',
  'webhook:write',
] as const;

export type Scope = (typeof SCOPES)[number];

/** Scopes of a token that was made without naming any. */
export const DEFAULT_SCOPES: readonly Scope[] = ['vps:read', 'database:read', 'cache:read', 'storage:read'];

/** Named sets, offered where tokens are made. */
export const SCOPE_SETS = {
  default: DEFAULT_SCOPES,
  editor: SCOPES.filter((scope) => !scope.endsWith(':delete')),
  admin: SCOPES,
} as const satisfies Record<string, readonly Scope[]>;

export const isScope = (text: string): text is Scope => (SCOPES as readonly string[]).includes(text);
