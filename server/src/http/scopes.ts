/**
 * A permission of a token: `SUBJECT:read` lists and shows, `SUBJECT:write` creates, updates and runs actions,
 * `SUBJECT:delete` deletes.
 */
export type Scope = `${string}:${'read' | 'write' | 'delete'}`;

/** The subject of a resource's scopes, with its actions where it does not have all three. */
export type ScopeSubject = string | { name: string; actions: readonly ('read' | 'write' | 'delete')[] };

/** Scopes of v1 tokens that no resource requires yet. */
const RESERVED: readonly ScopeSubject[] = ['storage'];

const known: Scope[] = [];

/** All scopes. */
export const SCOPES: readonly Scope[] = known;

/** Registers the scopes of resources. */
export function registerScopes(subjects: readonly ScopeSubject[]): void {
  for (const scope of subjects.flatMap(scopesOf)) if (!known.includes(scope)) known.push(scope);
}

function scopesOf(subject: ScopeSubject): Scope[] {
  const { name, actions } =
    typeof subject === 'string' ? { name: subject, actions: ['read', 'write', 'delete'] as const } : subject;
  return actions.map((action): Scope => `${name}:${action}`);
}

registerScopes(RESERVED);

const READ = ':read';

/** Types of resources whose scopes have another subject, such as `bucket`, which `storage:read` lets read. */
const subjects = new Map<string, string>();

/** Registers the subjects of resource types that are not called like their scopes. */
export function registerSubjects(list: Readonly<Record<string, string>>): void {
  for (const [type, subject] of Object.entries(list)) subjects.set(type, subject);
}

/** The scope that a token needs to read resources of a type, and what happens to them. */
export const readScopeOf = (resourceType: string): Scope =>
  `${subjects.get(resourceType) ?? resourceType}${READ}`;

/** The types of resources that a token with these scopes may read. */
export function readableTypes(scopes: ReadonlySet<string>): string[] {
  const named = [...scopes]
    .filter((scope) => scope.endsWith(READ))
    .map((scope) => scope.slice(0, -READ.length));
  const others = [...subjects].filter(([, subject]) => scopes.has(`${subject}${READ}`));
  return [...named, ...others.map(([type]) => type)];
}

/** Scopes of a token created without naming any. */
export const DEFAULT_SCOPES: readonly Scope[] = ['vps:read', 'database:read', 'cache:read', 'storage:read'];

/** Named sets of scopes, offered when tokens are created. */
export const SCOPE_SETS = {
  default: DEFAULT_SCOPES,
  get editor(): readonly Scope[] {
    return SCOPES.filter((scope) => !scope.endsWith(':delete'));
  },
  admin: SCOPES,
};

export const isScope = (text: string): text is Scope => (SCOPES as readonly string[]).includes(text);
