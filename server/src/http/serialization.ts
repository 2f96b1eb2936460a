import compile from 'fast-json-stringify';
import type { FastifySerializerCompiler } from 'fastify';

/** Compiles the serialiser of an answer when it is first used: for all routes at once, that delays the start. */
export const serializerCompiler: FastifySerializerCompiler<unknown> = ({ schema }) => {
  let serialize: ReturnType<typeof compile> | null = null;
  return (answer) => {
    serialize ??= compile(schema as Parameters<typeof compile>[0]);
    return serialize(answer);
  };
};
