import { Type } from 'typebox';
import type { Api } from '../../http/api.ts';
import { Component, Enum, Int, List, Message, Nullable, Text } from '../../http/schema.ts';
import { Diagnostic } from '../../instances/inspection-schema.ts';
import { STEPS } from './connection-test.ts';
import { routeParts, type ServiceRouteDependencies } from './route-parts.ts';

const ConnectionReport = Diagnostic('ConnectionTest', {
  ok: Type.Boolean({ example: true, description: 'Whether all steps succeeded.' }),
  endpoint: Text(300, '10.64.0.12:5432', { description: 'Where it was tried to connect to.' }),
  steps: List(
    Component('ConnectionTestStep', {
      step: Enum(STEPS),
      state: Enum(['ok', 'failed', 'skipped']),
      message: Message('Its port is open.'),
      milliseconds: Nullable(Int(3, { description: 'How long it took; null: it was not tried.' })),
    }),
    { maxItems: STEPS.length },
  ),
  remediation: Nullable(Message('Look at the firewall of the database.')),
});

/** A database or cache is connected to as its customer’s programs do. */
export function connectionRoute(api: Api, { service, connection }: ServiceRouteDependencies): void {
  const { noun, label, one, tags, params, scope, idOf } = routeParts(service);
  api.post(
    `${one}/test-connection`,
    {
      config: { scope: scope('read'), asksInstance: true, changesNothing: true },
      schema: {
        operationId: `test${label}Connection`,
        summary: 'Test the connection',
        description:
          `Connects to the ${noun} from the host, with TLS and the account’s password as a program would, and says step by step ` +
          'what works, and what to do where something does not.',
        tags,
        params,
        response: { 200: ConnectionReport },
      },
    },
    async (request) => {
      const data = await connection.run(await service.find(request.principal, idOf(request)));
      return { success: true, data, error: null, meta: { request_id: request.id } };
    },
  );
}
