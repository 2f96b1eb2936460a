import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ModuleContext } from '../module.ts';
import { CONTENT_TYPE, render } from './exposition.ts';
import { readFigures } from './operator-figures.ts';
import type { RequestCounts } from './request-counts.ts';

export interface OperatorPage {
  url: string;
  close(): Promise<void>;
}

/**
 * Serves `/metrics` for a Prometheus of the operator, on a listener of its own without authentication: it belongs on an
 * address that only the operator reaches.
 */
export async function serveOperatorPage(
  listen: { host: string; port: number },
  parts: Pick<ModuleContext, 'config' | 'database' | 'plane' | 'metrics' | 'log'>,
  requests: RequestCounts,
): Promise<OperatorPage> {
  // However many ask at once, the figures are read once.
  let reading: Promise<string> | null = null;
  const read = (): Promise<string> => {
    reading ??= readFigures(parts)
      .then((families) => render([...families, ...requests.families()]))
      .finally(() => {
        reading = null;
      });
    return reading;
  };
  const server = createServer((request, response) => {
    if (request.url !== '/metrics' || (request.method !== 'GET' && request.method !== 'HEAD')) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('The figures are at /metrics.\n');
      return;
    }
    read().then(
      (text) => response.writeHead(200, { 'content-type': CONTENT_TYPE }).end(text),
      (error: unknown) => {
        parts.log.error({ err: error }, 'the figures for the operator could not be read');
        response.writeHead(500).end();
      },
    );
  });
  server.listen(listen);
  await once(server, 'listening');
  const { address, port, family } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}/metrics`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
