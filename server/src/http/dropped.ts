import { isDeepStrictEqual } from 'node:util';
import type { PrivateRequest } from './api.ts';

/**
 * Members of bodies that a route does not know are dropped, see `validation.ts`. So that nobody takes them for accepted,
 * answers with `warnings` name those that say something else than the resource shows.
 */

type Members = Record<string, unknown>;

/** Members of a body before validation: `[object, name, value]`, where the object is null for the body itself. */
export type SentMembers = readonly (readonly [holder: string | null, name: string, value: unknown])[];

/** Most names in a warning, and most characters of one: a small request must not cause a large answer. */
const MAX_NAMES = 6;
const MAX_NAME = 40;

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The members of a body, and of objects in it. */
export function sentMembers(body: unknown): SentMembers {
  if (!isObject(body)) return [];
  return Object.entries(body).flatMap(([name, value]) => [
    [null, name, value] as const,
    ...(isObject(value) ? Object.entries(value).map(([inner, held]) => [name, inner, held] as const) : []),
  ]);
}

/** Adds a warning to an answer that has warnings, if members of the request were dropped. */
export function withDropped<T>(request: PrivateRequest, answer: T): T {
  if (!isObject(answer) || !Array.isArray(answer.warnings)) return answer;
  const body = request.body as Members;
  const shown = Object.values(answer).find(isObject) ?? {};
  const dropped = request.sentMembers.filter(([holder, name, value]) => {
    const now = holder === null ? body : body[holder];
    if (!isObject(now) || Object.hasOwn(now, name)) return false;
    const present = holder === null ? shown : shown[holder];
    return !(isObject(present) && isDeepStrictEqual(present[name], value));
  });
  if (dropped.length === 0) return answer;
  return { ...answer, warnings: [...answer.warnings, sentence(dropped, propertiesOf(request))] };
}

/** The members that the route's body has, as far as its schema lists them. */
function propertiesOf(request: PrivateRequest): Members {
  const body = request.routeOptions.schema?.body as { properties?: Members } | undefined;
  return body?.properties ?? {};
}

function sentence(dropped: SentMembers, known: Members): string {
  const names = dropped.slice(0, MAX_NAMES).map(([holder, name]) => {
    const path = [holder, name].filter((part) => part !== null).map((part) => part.slice(0, MAX_NAME));
    return path.join('.') + hint(name, known);
  });
  const more = dropped.length > names.length ? ` and ${dropped.length - names.length} more` : '';
  return `This request does not take, and so these have no effect: ${names.join(', ')}${more}.`;
}

/** Where the member belongs, if an object of the body has it. */
function hint(name: string, known: Members): string {
  const [place] = Object.entries(known).find(
    ([, schema]) => isObject(schema) && isObject(schema.properties) && Object.hasOwn(schema.properties, name),
  ) ?? [undefined];
  return place === undefined ? '' : ` (send ${place}.${name})`;
}
