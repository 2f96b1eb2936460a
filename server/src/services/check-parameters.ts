import { isPrintable } from '../http/schema.ts';
import { AppError, type FieldErrors } from '../lib/errors.ts';
import type { EngineParameter, Provider } from './provider.ts';

/** Parameter name to value, as text. */
export type Parameters = Record<string, string>;

/** Most parameters in a request: more than anyone sets, and a bound on the work of checking. */
const MAX_PARAMETERS = 200;
const MAX_VALUE = 2000;

/** The rules that an engine's parameters are checked against. */
export interface ParameterRules {
  provider: Provider;
  known: readonly EngineParameter[];
  /** Names that a parameter group locks in addition. */
  locked?: readonly string[];
}

/**
 * Checks the parameters of a request (`{name: value}` with strings, numbers and booleans) against the engine's own
 * list, and returns them as text. Throws `validation_failed` with a sentence for each parameter that is unknown, locked
 * or out of range; `field` is the request's member.
 */
export function checkParameters(
  input: Record<string, unknown>,
  rules: ParameterRules,
  field: string,
): Parameters {
  const entries = Object.entries(input);
  if (entries.length > MAX_PARAMETERS) {
    throw invalidParameters(field, [
      `The ${field} field must not have more than ${MAX_PARAMETERS} parameters.`,
    ]);
  }
  const known = new Map(rules.known.map((parameter) => [parameter.name, parameter]));
  const sentences: string[] = [];
  const checked: Parameters = {};
  for (const [name, raw] of entries) {
    const value = asText(raw);
    const parameter = known.get(name);
    const fault = parameter ? faultOf(parameter, value, rules) : unknown(name, rules);
    if (fault !== null) sentences.push(fault);
    else checked[name] = value!;
  }
  if (sentences.length > 0) throw invalidParameters(field, sentences);
  return checked;
}

const invalidParameters = (field: string, sentences: string[]): AppError => {
  const errors: FieldErrors = { [field]: sentences };
  return new AppError('validation_failed', sentences[0]!, { errors });
};

const shown = (name: string): string => JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name);

const unknown = (name: string, { provider }: ParameterRules): string =>
  `${provider.name} has no parameter ${shown(name)}.`;

function asText(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : null;
}

export const isLocked = (provider: Provider, name: string): boolean =>
  provider.locked.some((lock) => (typeof lock === 'string' ? lock === name : lock.test(name)));

/** What is wrong with the value, as a sentence; null where it can be used. */
function faultOf(parameter: EngineParameter, value: string | null, rules: ParameterRules): string | null {
  const { name } = parameter;
  if (isLocked(rules.provider, name)) return `The parameter ${name} is set by Danube and cannot be changed.`;
  if (rules.locked?.includes(name)) return `The parameter group locks ${name}: it cannot be changed here.`;
  if (value === null) return `The parameter ${name} must be text, a number, true or false.`;
  if (value.length > MAX_VALUE)
    return `The parameter ${name} must not be longer than ${MAX_VALUE} characters.`;
  if (!isPrintable(value) || !value.isWellFormed()) {
    return `The parameter ${name} must be one line of text without control characters.`;
  }
  const fault = rules.provider.checkValue?.(name, value, parameter) ?? typeFault(parameter, value);
  return fault === null ? null : `The parameter ${name} ${fault}.`;
}

const BOOLEAN = /^(on|off|yes|no|true|false|1|0)$/i;
/** A number. One with a unit is left to the provider's `checkValue`. */
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const WITH_UNIT = /^[+-]?\d+(\.\d+)?\s*[a-zA-Z]{1,3}$/;

function typeFault(parameter: EngineParameter, value: string): string | null {
  const { type, values } = parameter;
  switch (type) {
    case 'boolean':
      return BOOLEAN.test(value) ? null : 'must be on or off';
    case 'enum':
      return values === null || values.some((allowed) => allowed.toLowerCase() === value.toLowerCase())
        ? null
        : `must be one of: ${values.join(', ')}`;
    case 'integer':
    case 'number':
      return WITH_UNIT.test(value) ? null : numberFault(parameter, value);
    case 'string':
      return null;
  }
}

function numberFault({ type, min, max }: EngineParameter, value: string): string | null {
  const number = Number(value);
  if (!NUMBER.test(value) || (type === 'integer' && !Number.isInteger(number))) {
    return type === 'integer' ? 'must be a whole number' : 'must be a number';
  }
  if (min !== null && number < min) return `must be at least ${min}`;
  if (max !== null && number > max) return `must not be greater than ${max}`;
  return null;
}
