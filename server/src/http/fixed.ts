import { type TSchema, Type } from 'typebox';
import { type FieldErrors, invalid } from '../lib/errors.ts';
import { FIXED, Nullable } from './schema.ts';

/**
 * A member of an update that cannot be changed. Clients that send back what they were shown may send it; any other value
 * is refused, because accepting it would do nothing. `how` says what leads to another value.
 */
export const Fixed = <S extends TSchema>(schema: S, how = '') =>
  Type.Optional(
    Nullable({ ...schema, [FIXED]: how, description: `Cannot be changed: leave it out. ${how}`.trim() } as S),
  );

/** Throws `validation_failed` for each fixed member of the update whose value is not the one that is shown. */
export function refuseChanges(update: TSchema, noun: string, shown: object, body: object): void {
  const { properties } = update as unknown as { properties: Record<string, Record<string, unknown>> };
  const errors: FieldErrors = {};
  for (const [member, schema] of Object.entries(properties)) {
    const how = schema[FIXED];
    const wanted = (body as Record<string, unknown>)[member];
    const present = (shown as Record<string, unknown>)[member];
    if (typeof how !== 'string' || wanted === undefined || wanted === null || wanted === present) continue;
    errors[member] = [
      `The ${member} of a ${noun} cannot be changed; it is ${JSON.stringify(present)}. ${how}`.trim(),
    ];
  }
  if (Object.keys(errors).length > 0) throw invalid(errors);
}
