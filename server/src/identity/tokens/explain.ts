import type { ApiRoute } from '../../http/api.ts';
import type { Identity } from '../../http/authenticator.ts';
import { type Role, scopesOfRole } from '../../http/scopes.ts';
import { AppError } from '../../lib/errors.ts';

const PREFIX = '/api/v1';

/** The route that a request would take; fixed words take precedence over ids. */
export function findRoute(routes: readonly ApiRoute[], method: string, requestPath: string): ApiRoute {
  const path = requestPath.split(/[?#]/, 1)[0]!.replace(/\/+$/, '');
  const words = (path.startsWith(`${PREFIX}/`) ? path.slice(PREFIX.length) : path).split('/');
  const fits = routes.filter((route) => {
    const pattern = route.url.split('/');
    return (
      route.method === method &&
      pattern.length === words.length &&
      pattern.every((word, index) => word === words[index] || (word.startsWith(':') && words[index] !== ''))
    );
  });
  const parameters = ({ url }: ApiRoute) => url.split(':').length;
  const route = fits.toSorted((a, b) => parameters(a) - parameters(b))[0];
  if (!route) throw new AppError('not_found', `There is no ${method} ${path || '/'}.`);
  return route;
}

/** Whether a credential may make a request that takes a route, and why not. */
export function explain(
  { schema, config }: ApiRoute,
  { scopes, via }: Pick<Identity, 'scopes' | 'via'>,
  role: Role,
) {
  const scope = config.scope ?? null;
  const tokenHas = scope === null || scopes.has(scope);
  const ofTeam = !config.public && config.team !== 'none';
  const roleHas = scope === null || !ofTeam || scopesOfRole(role).has(scope);
  const takesIt = !config.session || via.kind === 'session';
  return {
    allowed: tokenHas && roleHas && takesIt,
    reason: reasonOf({ scope, tokenHas, roleHas, takesIt, role, isPublic: config.public === true }),
    operation: schema.operationId!,
    required_scope: scope,
    token_has_scope: tokenHas,
    role: ofTeam ? role : null,
    role_has_scope: roleHas,
  };
}

interface Findings {
  scope: string | null;
  tokenHas: boolean;
  roleHas: boolean;
  takesIt: boolean;
  role: Role;
  isPublic: boolean;
}

function reasonOf({ scope, tokenHas, roleHas, takesIt, role, isPublic }: Findings): string {
  if (isPublic) return 'This request needs no token.';
  if (!takesIt) return 'This request needs a session: no API token will do.';
  if (!tokenHas && !roleHas) return `The token lacks the scope "${scope}", and so does your role, ${role}.`;
  if (!tokenHas) return `The token lacks the scope "${scope}". Make one that has it.`;
  if (!roleHas) return `Your role in this team, ${role}, does not have the scope "${scope}".`;
  return scope === null ? 'Any valid token will do.' : `The token has the scope "${scope}".`;
}
