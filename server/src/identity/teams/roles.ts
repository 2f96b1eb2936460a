import { ROLES, SCOPES, scopesOfRole } from '../../http/scopes.ts';

/** Scopes of requests that concern the whole install. */
const OF_OPERATORS = /^operator:/;

/** What a credential with these scopes may do: those of operators only as long as its account is one. */
export const credentialScopes = (
  scopes: readonly string[],
  { operator }: { operator: boolean },
): ReadonlySet<string> => new Set(operator ? scopes : scopes.filter((scope) => !OF_OPERATORS.test(scope)));

/** The table of roles in the documentation: by subject, what each role may do. */
export function rolesTable(): string {
  const subjects = [...new Set(SCOPES.map((scope) => scope.slice(0, scope.indexOf(':'))))];
  const ofTeams = subjects.filter((subject) => wordsOf('owner', subject) !== '');
  const rows = ofTeams.map(
    (subject) => `| \`${subject}\` | ${ROLES.map((role) => wordsOf(role, subject) || '–').join(' | ')} |`,
  );
  return [`| scopes | ${ROLES.join(' | ')} |`, `|---|${ROLES.map(() => '---|').join('')}`, ...rows].join(
    '\n',
  );
}

const wordsOf = (role: (typeof ROLES)[number], subject: string): string =>
  SCOPES.filter((scope) => scope.startsWith(`${subject}:`) && scopesOfRole(role).has(scope))
    .map((scope) => scope.slice(subject.length + 1))
    .join(', ');
