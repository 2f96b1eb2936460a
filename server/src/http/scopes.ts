/**
 * A permission: `SUBJECT:read` lists and shows, `SUBJECT:write` creates, updates and runs actions, `SUBJECT:delete`
 * deletes. A token has those it was made with, and may use in a team those that its account's role there has.
 */
export type Scope = `${string}:${Action}`;

type Action = 'read' | 'write' | 'delete';

/** Scopes that somebody has. A principal's note which of them were asked for, so ask for none that is not needed. */
export interface HeldScopes {
  has(scope: string): boolean;
}

/** The roles of an account in a team. Each may do what those before it may. */
export const ROLES = ['viewer', 'editor', 'admin', 'owner'] as const;
export type Role = (typeof ROLES)[number];

/** The subject of a resource's scopes. */
export type ScopeSubject =
  | string
  | {
      name: string;
      /** All three where it is left out. */
      actions?: readonly Action[];
      /**
       * The least role that has the scope, where it is not that of {@link LEAST_ROLE}. Null: no role has it, because it is
       * for requests that act on no team.
       */
      roles?: Partial<Record<Action, Role>> | null;
    };

/** The least role that has a scope. */
const LEAST_ROLE: Readonly<Record<Action, Role>> = { read: 'viewer', write: 'editor', delete: 'admin' };

const known: Scope[] = [];
/** The scopes of each role. */
const byRole = new Map<Role, Set<Scope>>(ROLES.map((role) => [role, new Set()]));

/** All scopes. */
export const SCOPES: readonly Scope[] = known;

/** Registers the scopes of resources. */
export function registerScopes(subjects: readonly ScopeSubject[]): void {
  for (const subject of subjects) {
    const { name, actions = ['read', 'write', 'delete'] as const, roles = {} } = details(subject);
    for (const action of actions) {
      const scope: Scope = `${name}:${action}`;
      if (known.includes(scope)) continue;
      known.push(scope);
      if (roles === null) continue;
      const least = roles[action] ?? LEAST_ROLE[action];
      for (const role of ROLES.slice(ROLES.indexOf(least))) byRole.get(role)!.add(scope);
    }
  }
}

const details = (subject: ScopeSubject) => (typeof subject === 'string' ? { name: subject } : subject);

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
export function readableTypes(scopes: HeldScopes): string[] {
  const named = known
    .filter((scope) => scope.endsWith(READ) && scopes.has(scope))
    .map((scope) => scope.slice(0, -READ.length));
  const others = [...subjects].filter(([, subject]) => scopes.has(`${subject}${READ}`));
  return [...named, ...others.map(([type]) => type)];
}

/** What a role may do in a team. */
export const scopesOfRole = (role: Role): ReadonlySet<string> => byRole.get(role)!;

/** Scopes of a token created without naming any. */
export const DEFAULT_SCOPES: readonly Scope[] = ['vps:read', 'database:read', 'cache:read', 'storage:read'];

/** Named sets of scopes, offered when tokens are created: what a role may do at most. */
export const SCOPE_SETS = {
  default: DEFAULT_SCOPES,
  get read(): readonly Scope[] {
    return [...byRole.get('viewer')!];
  },
  get editor(): readonly Scope[] {
    return [...byRole.get('editor')!];
  },
  get admin(): readonly Scope[] {
    return [...byRole.get('admin')!];
  },
};

export const isScope = (text: string): text is Scope => (SCOPES as readonly string[]).includes(text);
