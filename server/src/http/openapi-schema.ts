import type { TSchema } from 'typebox';
import { ANSWER_EXAMPLE, COMPONENT, FIXED } from './schema.ts';
import { NO_OTHERS, PATTERN_MESSAGE } from './validation.ts';

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/**
 * Where a schema is used. Requests are described as strictly as the server reads them. Answers are open: a member or a
 * value that a later release adds must not break a generated client.
 */
export type Use = 'request' | 'answer';

/** Converts the API's schemas to those of the OpenAPI document, and collects the objects among them as components. */
export interface SchemaWriter {
  write(schema: TSchema, use: Use): Json;
  /** The same for a body or an answer, which must be a `Component`: generators name their models for it. */
  writeNamed(schema: TSchema, use: Use, where: string): Json;
  components(): Record<string, Json>;
}

type Node = Record<string, unknown>;

/** Keywords for the server only. */
const PRIVATE = new Set([COMPONENT, ANSWER_EXAMPLE, FIXED, PATTERN_MESSAGE, 'x-id']);

export function createSchemaWriter(): SchemaWriter {
  const components = new Map<string, { json: string; use: Use }>();

  /** `place` names an object that has no name of its own, for the member that it is. */
  function write(schema: TSchema, use: Use, place: string): Json {
    const node = schema as Node;
    const name = componentName(node) ?? (node.properties === undefined ? null : place);
    if (name === null || name === '') return copy(node, use, place);
    const known = components.get(name);
    // Reserved before its members are written, so that components are listed in the order of first use.
    if (!known) components.set(name, { json: '', use });
    const json = JSON.stringify(copy(node, use, name));
    if (known && (known.json !== json || known.use !== use)) {
      throw new Error(`Two schemas of the API are called ${name}. Give one of them another name.`);
    }
    components.set(name, { json, use });
    return { $ref: `#/components/schemas/${name}` };
  }

  function copy(node: Node, use: Use, place: string): Json {
    if (node['x-id'] !== undefined) return pathId(node);
    const out: Record<string, Json> = {};
    for (const [key, value] of Object.entries(node)) {
      if (value === undefined || PRIVATE.has(key)) continue;
      if (key === 'properties') {
        out[key] = Object.fromEntries(
          Object.entries(value as Record<string, TSchema>).map(([name, property]) => [
            name,
            write(property, use, place && place + pascalCase(name)),
          ]),
        );
      } else if (key === 'additionalProperties' && (value === NO_OTHERS || value === false)) {
        // What is dropped is taken: only where it is refused, a request may not have it.
        if (use === 'request' && value === NO_OTHERS) out[key] = false;
      } else if (key === 'items') {
        out[key] = write(value as TSchema, use, place && `${place}Item`);
      } else if (key === 'additionalProperties' && typeof value === 'object') {
        out[key] = write(value as TSchema, use, place && `${place}Value`);
      } else if (key === 'anyOf' || key === 'oneOf' || key === 'allOf') {
        out[key] = (value as TSchema[]).map((one) => write(one, use, ''));
      } else {
        out[key] = value as Json;
      }
    }
    return use === 'answer' && Array.isArray(out.enum) ? openEnum(out as Enumeration) : out;
  }

  return {
    write: (schema, use) => write(schema, use, ''),
    writeNamed(schema, use, where) {
      if (componentName(schema as Node) === null) throw new Error(`The ${use} of ${where} has no name.`);
      return write(schema, use, '');
    },
    components: () =>
      Object.fromEntries([...components].map(([name, { json }]) => [name, JSON.parse(json) as Json])),
  };
}

/**
 * OpenAPI 3.0 has no nullable references, so what may be null is a component of its own. Generated Go clients have a type
 * `NullableNAME` for each component, so it must not be called that.
 */
function componentName({ [COMPONENT]: name, nullable }: Node): string | null {
  if (typeof name !== 'string') return null;
  return nullable ? `${name}OrNull` : name;
}

const pascalCase = (name: string): string =>
  name.replace(/(?:^|_)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

type Enumeration = Record<string, Json> & { enum: Json[] };

/** Longest value of an open enumeration. */
const MAX_VALUE = 100;

/** A string that has these values so far. Generated clients of a closed one fail at a value that they do not know. */
function openEnum({ enum: values, description, ...rest }: Enumeration): Json {
  const known = values.filter((value) => value !== null);
  const list = `Values so far: ${known.map((value) => `\`${value}\``).join(', ')}.`;
  return {
    ...rest,
    maxLength: MAX_VALUE,
    'x-extensible-enum': known,
    description: typeof description === 'string' ? `${description} ${list}` : list,
  };
}

/** The documented format of an id in a path. Requests with another format are answered with 404. */
function pathId({ 'x-id': format, description, example }: Node): Json {
  const shape: Record<string, Json> =
    format === 'uuid'
      ? { type: 'string', format: 'uuid', minLength: 36, maxLength: 36, example: example as string }
      : {
          type: 'integer',
          format: 'int64',
          minimum: 1,
          maximum: Number.MAX_SAFE_INTEGER,
          example: Number(example),
        };
  return { ...shape, description: description as string };
}

/** The example of a schema: its own, or one assembled from those of its parts. */
export function exampleOf(schema: TSchema): Json {
  const node = schema as Node;
  if (node.example !== undefined) return node.example as Json;
  if (node.properties) {
    return {
      ...Object.fromEntries(
        Object.entries(node.properties as Record<string, TSchema>).map(([key, property]) => [
          key,
          exampleOf(property),
        ]),
      ),
      ...(node[ANSWER_EXAMPLE] as object | undefined),
    };
  }
  if (node.items) return [exampleOf(node.items as TSchema)];
  if (Array.isArray(node.enum)) return node.enum[0] as Json;
  if (node.default !== undefined) return node.default as Json;
  if (node.nullable) return null;
  if (node.type === 'boolean') return true;
  if (node.type === 'object') return {};
  throw new Error(`A schema has no example: ${JSON.stringify(schema)}`);
}
