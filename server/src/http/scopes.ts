/**
 * What a token may do: `SUBJECT:read` lists and shows, `SUBJECT:write` creates, updates and acts, `SUBJECT:delete`
 * deletes.
 */
export type Scope = `${string}:${'read' | 'write' | 'delete'}`;

/** What the scopes of a resource are about. Without `delete`, there is nothing to delete. */
export type ScopeSubject = string | { name: string; actions: readonly ('read' | 'write' | 'delete')[] };

/** Of v1 tokens, though no resource asks for them yet. */
const RESERVED: readonly ScopeSubject[] = ['storage', { name: 'webhook', actions: ['read', 'write'] }];

const known: Scope[] = [];

/** Every scope that there is. */
export const SCOPES: readonly Scope[] = known;

/** Makes the scopes of resources known. */
export function registerScopes(subjects: readonly ScopeSubject[]): void {
  for (const scope of subjects.flatMap(scopesOf)) if (!known.includes(scope)) known.push(scope);
}

function scopesOf(subject: ScopeSubject): Scope[] {
  const { name, actions } =
    typeof subject === 'string' ? { name: subject, actions: ['read', 'write', 'delete'] as const } : subject;
  return actions.map((action): Scope => `${name}:${action}`);
}

registerScopes(RESERVED);

/** Scopes of a token that was made without naming any. */
export const DEFAULT_SCOPES: readonly Scope[] = ['vps:read', 'database:read', 'cache:read', 'storage:read'];

/** Named sets, offered where tokens are made. */
export const SCOPE_SETS = {
  default: DEFAULT_SCOPES,
  get editor(): readonly Scope[] {
    return SCOPES.filter((scope) => !scope.endsWith(':delete'));
  },
  admin: SCOPES,
};

export const isScope = (text: string): text is Scope => (SCOPES as readonly string[]).includes(text);
