import { type Static, type TProperties, type TSchema, Type } from 'typebox';
import { PATTERN_MESSAGE } from './validation.ts';

/**
 * Building blocks of the API's schemas. Schemas validate requests, serialise responses, type the handlers and are
 * written to the OpenAPI 3.0.3 document. So they follow its dialect: `nullable: true` instead of a null type, `enum`
 * instead of `const`, and an `example` on every leaf.
 */

/** Schema keyword: the name of an object in the OpenAPI document. */
export const COMPONENT = 'x-component';

/** Schema keyword: members of the example of one answer, where several answers have one schema. */
export const ANSWER_EXAMPLE = 'x-answer-example';

/** Schema keyword: the member of an update cannot be changed; how else to get another value. See `fixed.ts`. */
export const FIXED = 'x-fixed';

/** The name of a {@link Component}. */
export const nameOf = (schema: TSchema): string => (schema as unknown as Record<string, string>)[COMPONENT]!;

/**
 * The value or null. For a member that may also be missing, use `Type.Optional(Nullable(…))`, not the other way round.
 */
export function Nullable<S extends TSchema>(schema: S) {
  const copy = { ...schema, nullable: true } as TSchema & { enum?: unknown };
  if (Array.isArray(copy.enum)) copy.enum = [...copy.enum, null];
  return Type.Unsafe<Static<S> | null>(copy);
}

/** One of several strings. */
export const Enum = <const V extends readonly [string, ...string[]]>(
  values: V,
  options: Record<string, unknown> = {},
) => Type.Unsafe<V[number]>({ type: 'string', enum: [...values], example: values[0], ...options });

/** An object without additional members. */
export const Obj = <P extends TProperties>(properties: P, options: Record<string, unknown> = {}) =>
  Type.Object(properties, { additionalProperties: false, ...options });

/**
 * An object that the OpenAPI document lists under `components/schemas/NAME`. Bodies and answers must be one. Objects in
 * them that have no name are listed under that of the outer object and the member.
 */
export const Component = <P extends TProperties>(
  name: string,
  properties: P,
  options: Record<string, unknown> = {},
) => Obj(properties, { ...options, [COMPONENT]: name });

/** Pattern of text without control characters, including those that change the text direction. */
export const PRINTABLE = '[^\\u0000-\\u001f\\u007f-\\u009f\\u2028-\\u202e\\u2066-\\u2069]*';

const ONE_LINE = new RegExp(`^${PRINTABLE}$`, 'u');

/** Whether text that comes on another way than a request keeps to {@link PRINTABLE}. */
export const isPrintable = (text: string): boolean => ONE_LINE.test(text);

/** The same for text of several lines. */
export const LINES =
  '[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f\\u2028-\\u202e\\u2066-\\u2069]*';

/** A name chosen by a customer: one line, not blank. */
export const NameText = (maxLength: number, example: string) =>
  Type.String({
    minLength: 1,
    maxLength,
    pattern: `^(?=.*\\S)${PRINTABLE}$`,
    [PATTERN_MESSAGE]: 'must be one line of text without control characters, and not blank',
    example,
  });

/** Words that a request has, one line: what it names is looked up, and may be told of. */
export const LineText = (maxLength: number, example: string, options: Record<string, unknown> = {}) =>
  Type.String({
    maxLength,
    pattern: `^${PRINTABLE}$`,
    [PATTERN_MESSAGE]: 'must be one line of text without control characters',
    example,
    ...options,
  });

/** Date, and time of day where it matters, as ISO 8601 has them. */
const TIME =
  '^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])' +
  '([T ]([01]\\d|2[0-3]):[0-5]\\d(:[0-5]\\d(\\.\\d{1,9})?)?(Z|[+-]([01]\\d|2[0-3]):[0-5]\\d)?)?$';

/** A moment that a request names; without a zone it is in UTC. Read it with {@link parseTime}. */
export const TimeText = (example: string, description: string) =>
  Type.String({
    maxLength: 40,
    pattern: TIME,
    [PATTERN_MESSAGE]: 'must be a time in ISO 8601, for example 2026-01-15T09:30:00Z',
    example,
    description,
  });

/** Unix milliseconds of a {@link TimeText}. */
export function parseTime(text: string): number {
  const [date, time = '00:00'] = text.split(/[T ]/) as [string, string?];
  return Date.parse(`${date}T${time}${/Z|[+-]/.test(time) ? '' : 'Z'}`);
}

/** A description by a customer, of several lines, or null. */
export const DescriptionText = (maxLength: number, example: string) =>
  Nullable(
    Text(maxLength, example, {
      pattern: `^${LINES}$`,
      [PATTERN_MESSAGE]: 'must not contain control characters',
    }),
  );

/** Text of bounded length (in UTF-16 code units). */
export const Text = (maxLength: number, example: string, options: Record<string, unknown> = {}) =>
  Type.String({ maxLength, example, ...options });

/** An integer, within the 32-bit range by default. */
export const Int = (
  example: number,
  options: { minimum?: number; maximum?: number; description?: string } = {},
) => Type.Integer({ format: 'int32', minimum: 0, maximum: 2_147_483_647, example, ...options });

/** A numeric id; identity columns stay below 2^53. */
export const NumberId = (example: number, description?: string) =>
  Type.Integer({
    format: 'int64',
    minimum: 1,
    maximum: Number.MAX_SAFE_INTEGER,
    example,
    ...(description === undefined ? {} : { description }),
  });

/** A UUID in a response. */
export const Id = (example = '0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e', description?: string) =>
  Type.String({
    format: 'uuid',
    minLength: 36,
    maxLength: 36,
    example,
    ...(description === undefined ? {} : { description }),
  });

/** A time in UTC, ISO 8601, as `date.toISOString()` prints it. */
export const Timestamp = (description?: string) =>
  Type.String({
    format: 'date-time',
    maxLength: 32,
    example: '2026-01-15T09:30:00.000Z',
    ...(description === undefined ? {} : { description }),
  });

/** A sentence for people. */
export const Message = (example: string) => Text(2000, example);

export const List = <S extends TSchema>(items: S, options: Record<string, unknown> = {}) =>
  Type.Array(items, { maxItems: 1000, ...options });

/**
 * An id in a path. Any text is valid: the handler answers 404 instead of a validation error to an id that cannot exist.
 * `format` is for the documentation only.
 */
export const PathId = (format: 'uuid' | 'integer', description: string) =>
  Type.String({
    // The router answers 404 to more than 100 characters.
    maxLength: 1000,
    description,
    example: format === 'uuid' ? '0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e' : '12',
    'x-id': format,
  });

const WHOLE = /^[1-9][0-9]{0,14}$/;

/** The number in a path, or null where no identity column could hold it. */
export const parseNumberId = (text: string): number | null => (WHOLE.test(text) ? Number(text) : null);
