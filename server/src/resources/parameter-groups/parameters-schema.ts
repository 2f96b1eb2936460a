import { Type } from 'typebox';
import { COMPONENT, Text } from '../../http/schema.ts';

/** The value of a parameter. */
const ParameterValue = Type.Unsafe<string | number | boolean>({
  [COMPONENT]: 'ParameterValue',
  oneOf: [
    Text(2000, '200'),
    Type.Number({ minimum: -1e300, maximum: 1e300, example: 200 }),
    Type.Boolean({ example: true }),
  ],
});

/** Engine parameters in a request: name to value. */
export const ParametersInput = (example: Record<string, unknown>) =>
  Type.Unsafe<Record<string, unknown>>({
    type: 'object',
    maxProperties: 200,
    additionalProperties: ParameterValue,
    example,
    description: 'Engine parameters by name. They replace all that were set here before.',
  });

/** The same in a response: all values are strings. */
export const ParametersOutput = (example: Record<string, string>) =>
  Type.Unsafe<Record<string, string>>({
    type: 'object',
    maxProperties: 200,
    additionalProperties: Text(2000, '200'),
    example,
  });
