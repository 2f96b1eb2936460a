import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv';
import type { FastifySchemaCompiler } from 'fastify';
import type { FieldErrors } from '../lib/errors.ts';

/** Schema keyword: the rest of the sentence for a value that does not match `pattern`, after "The NAME field ". */
export const PATTERN_MESSAGE = 'x-pattern-message';

/** Value of `additionalProperties` for an object whose unknown members are rejected instead of dropped. */
export const NO_OTHERS = { not: {} };

/** Most sentences in a response: a small request must not cause a large one. */
const MAX_SENTENCES = 50;

const OPTIONS: Options = {
  allErrors: true,
  useDefaults: true,
  // Drops members that the schema does not know: clients of the v1 API may send fields that have no meaning here.
  removeAdditional: true,
  strict: false,
  verbose: true,
  // `format` is documentation only; `pattern` and the services check values.
  validateFormats: false,
};

/**
 * Creates the validators. Query values are text, and read as what the schema says. In bodies, numbers and booleans may
 * come as text and texts as numbers, since clients of the v1 API send them so: see `readScalars`.
 */
export function createValidatorCompiler(): FastifySchemaCompiler<unknown> {
  const exact = new Ajv({ ...OPTIONS, coerceTypes: false });
  const coercing = new Ajv({ ...OPTIONS, coerceTypes: true });
  return ({ schema, httpPart }) =>
    compiledLate(() =>
      httpPart === 'body'
        ? refusingEmpty(readingScalars(exact.compile(schema as object)))
        : coercing.compile(schema as object),
    );
}

/** Compiles a validator when it is first used: for all routes at once, that is half of the time of a start. */
function compiledLate(compile: () => ValidateFunction): ValidateFunction {
  let validate: ValidateFunction | null = null;
  const wrapped = ((data: unknown) => {
    validate ??= compile();
    const valid = validate(data);
    wrapped.errors = validate.errors ?? null;
    return valid;
  }) as ValidateFunction;
  return wrapped;
}

/** Validates once more where the only faults are scalars of another type whose meaning is plain. */
function readingScalars(validate: ValidateFunction): ValidateFunction {
  const wrapped = ((body: unknown) => {
    const valid = validate(body) || (readScalars(body, validate.errors ?? []) && validate(body));
    wrapped.errors = validate.errors ?? null;
    return valid;
  }) as ValidateFunction;
  wrapped.schema = validate.schema;
  return wrapped;
}

/**
 * Replaces scalars of the wrong type by the value that they can only mean: `"22"` by 22, `"true"`, `"1"` and 1 by true,
 * 17 by `"17"`. Returns whether it has changed anything. A type that is one of several is left alone.
 */
function readScalars(body: unknown, errors: readonly ErrorObject[]): boolean {
  let changed = false;
  for (const { keyword, params, instancePath, schemaPath } of errors) {
    if (keyword !== 'type' || /\/(oneOf|anyOf)\//.test(schemaPath)) continue;
    const path = instancePath.split('/').slice(1).map(unescapePointer);
    const last = path.pop();
    const holder = path.reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], body);
    if (last === undefined) continue;
    const holding = holder as Record<string, unknown>;
    const value = readAs(String(params.type), holding[last]);
    if (value === undefined) continue;
    holding[last] = value;
    changed = true;
  }
  return changed;
}

const NUMBER = /^-?(0|[1-9]\d{0,15})(\.\d{1,15})?$/;
const BOOLEANS = new Map<unknown, boolean>([
  ['true', true],
  ['1', true],
  [1, true],
  ['false', false],
  ['0', false],
  [0, false],
]);

function readAs(type: string, value: unknown): unknown {
  switch (type) {
    case 'integer':
    case 'number':
      return typeof value === 'string' && NUMBER.test(value) ? Number(value) : undefined;
    case 'boolean':
      return BOOLEANS.get(value);
    case 'string':
      return typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : undefined;
    default:
      return undefined;
  }
}

const unescapePointer = (part: string): string => part.replaceAll('~1', '/').replaceAll('~0', '~');

/**
 * Rejects an update that names no known member. `minProperties` alone does not: it is checked before unknown members
 * are dropped.
 */
function refusingEmpty(validate: ValidateFunction): ValidateFunction {
  const { minProperties, properties } = validate.schema as { minProperties?: number; properties?: object };
  if (minProperties === undefined) return validate;
  const known = Object.keys(properties ?? {});
  const wrapped = ((body: object) => {
    const valid = validate(body);
    wrapped.errors = validate.errors ?? null;
    if (!valid || known.some((name) => Object.hasOwn(body, name))) return valid;
    wrapped.errors = [
      {
        keyword: 'known',
        instancePath: '',
        schemaPath: '#/minProperties',
        params: { known },
        parentSchema: {},
      },
    ];
    return false;
  }) as ValidateFunction;
  return wrapped;
}

/** Converts Ajv's errors to sentences, one for each error of a field. */
export function fieldErrors(errors: readonly ErrorObject[]): FieldErrors {
  const sentences = new Map<string, Set<string>>();
  for (const error of withoutBranches(errors).slice(0, MAX_SENTENCES)) {
    const field = fieldOf(error);
    const known = sentences.get(field) ?? new Set();
    sentences.set(field, known.add(sentenceOf(error, field)));
  }
  return Object.fromEntries([...sentences].map(([field, set]) => [field, [...set]]));
}

/** Reports a value that matches none of several types once, instead of once for each type. */
function withoutBranches(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const choices = errors.filter(({ keyword }) => keyword === 'oneOf');
  return errors.filter(
    (error) =>
      !choices.some(
        (choice) =>
          choice !== error &&
          error.instancePath.startsWith(choice.instancePath) &&
          error.schemaPath.startsWith(`${choice.schemaPath}/`),
      ),
  );
}

function fieldOf(error: ErrorObject): string {
  const path = error.instancePath.split('/').slice(1).map(unescapePointer);
  if (error.keyword === 'required') path.push(String(error.params.missingProperty));
  return path.join('.') || 'body';
}

const TYPES: Record<string, string> = {
  string: 'a string',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
};

const typesOf = (choices: { type: string }[]): string[] => choices.map(({ type }) => TYPES[type] ?? type);

function sentenceOf(error: ErrorObject, field: string): string {
  if (field === 'body' && error.keyword === 'type') return 'The request body must be a JSON object.';
  return field === 'body' ? `The request body ${faultOf(error)}.` : `The ${field} field ${faultOf(error)}.`;
}

function faultOf({ keyword, params, parentSchema, message }: ErrorObject): string {
  switch (keyword) {
    case 'required':
      return 'is required';
    case 'type':
      return `must be ${TYPES[String(params.type)] ?? `of type ${params.type}`}`;
    case 'enum':
      return `must be one of: ${(params.allowedValues as unknown[]).filter((v) => v !== null).join(', ')}`;
    case 'minLength':
      return params.limit === 1 ? 'must not be empty' : `must be at least ${params.limit} characters`;
    case 'maxLength':
      return `must not be longer than ${params.limit} characters`;
    case 'minimum':
      return `must be at least ${params.limit}`;
    case 'maximum':
      return `must not be greater than ${params.limit}`;
    case 'minItems':
      return `must have at least ${params.limit} items`;
    case 'maxItems':
      return `must not have more than ${params.limit} items`;
    // See NO_OTHERS.
    case 'not':
      return 'is not known: see the documentation for the members there are';
    case 'oneOf':
      return `must be ${typesOf(parentSchema?.oneOf ?? []).join(', or ')}`;
    case 'known':
      return `must have at least one of: ${(params.known as string[]).join(', ')}`;
    case 'minProperties':
      return `must have at least ${params.limit} field`;
    case 'pattern':
      return String(parentSchema?.[PATTERN_MESSAGE] ?? 'has an invalid format');
    default:
      return message ?? 'is invalid';
  }
}
