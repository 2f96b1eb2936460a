import assert from 'node:assert/strict';
import { type ApiClient, type DocumentedRoute, ROUTES } from './api-client.ts';

/** Ids by path parameter, for example `vpsInstance`. */
export type Ids = Record<string, string>;

/** Creations in progress or done, so that each resource is created once. */
type Making = Map<string, Promise<string>>;

const camelCase = (text: string): string =>
  text.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

/**
 * The route that creates the resource of a path parameter: `POST /vps` for the parameter of `/vps/{vpsInstance}`. What is
 * below another resource, such as the console of a running server, has tests of its own.
 */
function creatorOf(parameter: string): DocumentedRoute | undefined {
  const item = ROUTES.find((route) => route.path.endsWith(`/{${parameter}}`));
  const collection = item?.path.slice(0, -`/{${parameter}}`.length);
  if (collection?.includes('{')) return undefined;
  return ROUTES.find((route) => route.method === 'POST' && route.path === collection);
}

/** The path parameter of a type of resource: that of `/vps/{vpsInstance}`. */
const parameterOf = (type: string): string | undefined =>
  ROUTES.map(({ path }) => new RegExp(`^/${type}/\\{([^}]+)\\}$`).exec(path)?.[1]).find(
    (name) => name !== undefined,
  );

const isOfOperators = ({ operation }: DocumentedRoute): boolean =>
  String(operation['x-required-scope']).startsWith('operator:');

/** The path parameters whose resources customers can create. */
const PARAMETERS: readonly string[] = [
  ...new Set(ROUTES.flatMap(({ path }) => [...path.matchAll(/\{([^}]+)\}/g)].map((match) => match[1]!))),
].filter((parameter) => creatorOf(parameter) && !isOfOperators(creatorOf(parameter)!));

/**
 * Creates one of each resource in the API's paths, from the document's examples: a member such as `ssh_key_id` that
 * refers to another resource gets the id of one created before. So new resources are part of every test of all routes.
 */
export async function makeThings(call: ApiClient, token: string): Promise<Ids> {
  const making: Making = new Map();
  const operations: string[] = [];

  const make = (parameter: string): Promise<string> => {
    const known = making.get(parameter) ?? create(parameter);
    making.set(parameter, known);
    return known;
  };

  async function create(parameter: string): Promise<string> {
    const { path, operation } = creatorOf(parameter)!;
    const example = (operation.requestBody?.content['application/json']?.example ?? {}) as Record<
      string,
      unknown
    >;
    const body = { ...example };
    for (const [member, value] of Object.entries(example)) {
      const other = /^(.+)_id$/.exec(member)?.[1];
      const referred =
        other === 'resource'
          ? parameterOf(String(example.resource_type))
          : other && PARAMETERS.find((name) => name === camelCase(other));
      if (referred && value !== null) body[member] = idFor(value, await make(referred));
    }
    const answer = await call('POST', path, { token, body });
    assert.equal(answer.status, 201, `POST ${path}: ${JSON.stringify(answer.body)}`);
    if (answer.body.operation_id) operations.push(answer.body.operation_id);
    // Some answers are what was made, and others have it as a member.
    const made = [answer.body, ...Object.values(answer.body as Record<string, unknown>)].find(
      (member): member is { id: string | number } =>
        typeof member === 'object' && member !== null && 'id' in member,
    );
    assert.ok(made, `POST ${path} answers with what it has made`);
    return String(made.id);
  }

  // One after the other, as they share the team's quotas and state.
  const ids: Ids = {};
  for (const parameter of PARAMETERS) ids[parameter] = await make(parameter);
  const [operation] = operations;
  return operation ? { ...ids, operation } : ids;
}

const idFor = (example: unknown, id: string): string | number =>
  typeof example === 'number' ? Number(id) : id;

/** A well-formed id for a path parameter that does not exist. */
export function missingId(parameter: string): string {
  const found = ROUTES.flatMap(({ operation }) => operation.parameters ?? []).find(
    (candidate) => candidate.in === 'path' && candidate.name === parameter,
  );
  const schema = found?.schema as { type?: string } | undefined;
  return schema?.type === 'integer' ? '999999' : '00000000-0000-7000-8000-000000000000';
}
