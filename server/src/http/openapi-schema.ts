import type { TSchema } from 'typebox';
import { COMPONENT } from './schema.ts';
import { NO_OTHERS, PATTERN_MESSAGE } from './validation.ts';

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** Converts the API's schemas to those of the OpenAPI document, and collects the shared ones. */
export interface SchemaWriter {
  write(schema: TSchema): Json;
  components(): Record<string, Json>;
}

/** Keywords for the server only. */
const PRIVATE = new Set([COMPONENT, PATTERN_MESSAGE, 'x-id']);

export function createSchemaWriter(): SchemaWriter {
  const components = new Map<string, Json>();

  function write(schema: TSchema): Json {
    const node = schema as Record<string, unknown>;
    const name = node[COMPONENT];
    // OpenAPI 3.0 has no nullable references, so a nullable use of a shared schema is written inline.
    if (typeof name !== 'string' || node.nullable) return copy(node);
    if (!components.has(name)) {
      // Reserved before its members are written, so that components are listed in the order of first use.
      components.set(name, null);
      components.set(name, copy(node));
    }
    return { $ref: `#/components/schemas/${name}` };
  }

  function copy(node: Record<string, unknown>): Json {
    if (node['x-id'] !== undefined) return pathId(node);
    const out: Record<string, Json> = {};
    for (const [key, value] of Object.entries(node)) {
      if (value === undefined || PRIVATE.has(key)) continue;
      if (key === 'properties') {
        out[key] = Object.fromEntries(
          Object.entries(value as Record<string, TSchema>).map(([name, property]) => [name, write(property)]),
        );
      } else if (value === NO_OTHERS) {
        out[key] = false;
      } else if (key === 'items' || (key === 'additionalProperties' && typeof value === 'object')) {
        out[key] = write(value as TSchema);
      } else if (key === 'anyOf' || key === 'oneOf' || key === 'allOf') {
        out[key] = (value as TSchema[]).map(write);
      } else {
        out[key] = value as Json;
      }
    }
    return out;
  }

  return { write, components: () => Object.fromEntries(components) };
}

/** The documented format of an id in a path. Requests with another format are answered with 404. */
function pathId({ 'x-id': format, description, example }: Record<string, unknown>): Json {
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
  const node = schema as Record<string, unknown>;
  if (node.example !== undefined) return node.example as Json;
  if (node.properties) {
    return Object.fromEntries(
      Object.entries(node.properties as Record<string, TSchema>).map(([key, property]) => [
        key,
        exampleOf(property),
      ]),
    );
  }
  if (node.items) return [exampleOf(node.items as TSchema)];
  if (Array.isArray(node.enum)) return node.enum[0] as Json;
  if (node.default !== undefined) return node.default as Json;
  if (node.nullable) return null;
  if (node.type === 'boolean') return true;
  if (node.type === 'object') return {};
  throw new Error(`A schema has no example: ${JSON.stringify(schema)}`);
}
